export const EXIT = {
  done: 0,
  failed: 1,
  usage: 2,
  /** The Control Plane does not respond, or refuses the API key. */
  noAccess: 3,
  /** 128 + SIGINT, as a shell reports Ctrl-C. */
  interrupted: 130,
} as const;

export interface FailureDetails {
  readonly exitCode?: number;
  /** A stable code for programs. */
  readonly code?: string;
  /** What the user can do about the failure. */
  readonly hint?: string;
  /** Lines between the message and the hint. */
  readonly notes?: readonly string[];
  /** Additional members of the JSON output. */
  readonly facts?: object;
}

/** A failure that the user can act on, so it is shown without a stack trace. */
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
