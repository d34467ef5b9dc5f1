import { type Given, type Operand, type Option } from './options';

/** A command of `atlas`, with everything that its help and shell completion show. */
export interface Command {
  /** The words that invoke the command, such as `stack up`. */
  readonly name: string;
  /** The heading under which `help` lists the command. */
  readonly group: string;
  /** One sentence in the imperative, without its full stop. */
  readonly summary: string;
  /** Replaces the summary in `--help`. */
  readonly about?: string;
  readonly operand?: Operand;
  readonly options: readonly Option[];
  /** Command lines, without the program's name. */
  readonly examples: readonly string[];
  /** Shown at the end of `--help`, such as environment variables and exit codes. */
  readonly notes?: string;
  /** How users invoke this command through another program, such as `npm start --`. */
  readonly calledAs?: string;
  /** Resolves to the exit code. Throws {@link UsageError} or {@link CommandFailure}. */
  run(given: Given): Promise<number>;
}

/** Where a command writes its results. */
export interface Output {
  out(text: string): void;
}

export interface Terminal extends Output {
  err(text: string): void;
  /** Undefined unless standard output is a terminal. */
  readonly screen?: Screen;
}

export interface Screen {
  readonly columns: number;
  readonly hasColours: boolean;
}
