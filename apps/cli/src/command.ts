/** One thing that `atlas` does: a file, and a line in commands.ts. */
export interface Command {
  /** The words that call it, such as `stack up`. */
  readonly name: string;
  readonly summary: string;
  /** What the user typed instead, where something else called it. */
  readonly calledAs?: string;
  /** What `--help` shows. */
  readonly usage: string;
  /** Answers with the exit code. Throws {@link UsageError} and {@link CommandFailure}. */
  run(args: readonly string[]): Promise<number>;
}

/** Where a command writes its results. */
export interface Output {
  out(text: string): void;
}

export interface Terminal extends Output {
  err(text: string): void;
  /** Of standard output, where a person watches it. */
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
  /** The Control Plane does not answer, or does not know us. */
  noAccess: 3,
  /** As a shell counts Ctrl-C. */
  interrupted: 130,
} as const;

/** The command line or environment is wrong: exit code 2. */
export class UsageError extends Error {}

/** It did not work, for a reason that the user can act on: shown without a stack trace. */
export class CommandFailure extends Error {
  constructor(
    message: string,
    readonly exitCode: number = EXIT.failed,
  ) {
    super(message);
  }
}
