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
