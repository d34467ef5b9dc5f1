/** One thing that `atlas` does: a file, and a line in commands.ts. */
export interface Command {
  /** The words that call it, such as `stack up`. */
  readonly name: string;
  readonly summary: string;
  /** What `--help` shows. */
  readonly usage: string;
  /** Answers with the exit code. Throws {@link UsageError} and {@link CommandFailure}. */
  run(args: readonly string[]): Promise<number>;
}

/** Where a command writes its results. */
export interface Output {
  out(text: string): void;
}

/** The command line or environment is wrong: exit code 2. */
export class UsageError extends Error {}

/** It did not work, for a reason that the user can act on: shown without a stack trace, exit code 1. */
export class CommandFailure extends Error {}
