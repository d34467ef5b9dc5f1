export const EXIT = {
  done: 0,
  failed: 1,
  usage: 2,
  /** The plane does not answer, or refuses the key. */
  noAccess: 3,
} as const;

/** A failure that the operator can act on. `hint` says how. */
export class AgentFailure extends Error {
  constructor(
    message: string,
    readonly hint: string,
    readonly exitCode: number = EXIT.failed,
  ) {
    super(message);
  }
}

/** The command line is wrong, and nothing was done. */
export class UsageError extends AgentFailure {
  constructor(message: string, hint = 'Run: atlas-agent --help') {
    super(message, hint, EXIT.usage);
  }
}
