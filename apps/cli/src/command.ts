import { type Given, type Operand, type Option } from './options';

/** One command of `atlas`, with everything that its help and shell completion say about it. */
export interface Command {
  /** The words that call it, such as `stack up`. */
  readonly name: string;
  /** The heading that `help` lists it under. */
  readonly group: string;
  /** One sentence in the imperative, without its full stop. */
  readonly summary: string;
  /** What `--help` says instead of the summary. */
  readonly about?: string;
  readonly operand?: Operand;
  readonly options: readonly Option[];
  /** Each as it is typed, without the name of the program. */
  readonly examples: readonly string[];
  /** Shown at the end of `--help`: environment variables, exit codes. */
  readonly notes?: string;
  /** What the user typed instead, if another program called it. */
  readonly calledAs?: string;
  /** Resolves to the exit code. Throws {@link UsageError} and {@link CommandFailure}. */
  run(given: Given): Promise<number>;
}

/** Where a command writes its results. */
export interface Output {
  out(text: string): void;
}

export interface Terminal extends Output {
  err(text: string): void;
  /** Of standard output; undefined unless that is a terminal. */
  readonly screen?: Screen;
}

export interface Screen {
  readonly columns: number;
  readonly hasColours: boolean;
}

export const EXIT = {
  done: 0,
  failed: 1,
  usage: 2,
  /** The Control Plane does not answer, or refuses the API key. */
  noAccess: 3,
  /** 128 + SIGINT, as a shell reports Ctrl-C. */
  interrupted: 130,
} as const;

export interface FailureDetails {
  readonly exitCode?: number;
  /** Stable, for programs. */
  readonly code?: string;
  /** What to do about it. */
  readonly hint?: string;
  /** Lines between the message and the hint. */
  readonly notes?: readonly string[];
  /** Further members of the JSON form. */
  readonly facts?: object;
}

/** A failure that the user can act on: shown without a stack trace. */
export class CommandFailure extends Error {
  readonly exitCode: number;
  readonly code: string;
  readonly hint: string | undefined;
  readonly notes: readonly string[];
  readonly facts: object;

  constructor(message: string, details: FailureDetails = {}) {
    super(message);
    this.exitCode = details.exitCode ?? EXIT.failed;
    this.code = details.code ?? 'failed';
    this.hint = details.hint;
    this.notes = details.notes ?? [];
    this.facts = details.facts ?? {};
  }
}

/** The command line or the environment is wrong, and nothing was done. */
export class UsageError extends CommandFailure {
  constructor(message: string, details: Pick<FailureDetails, 'code' | 'hint'> = {}) {
    super(message, { code: 'usage_error', ...details, exitCode: EXIT.usage });
  }
}
