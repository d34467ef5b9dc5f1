/** An error response of either plane (RFC 9457). */
export interface Problem {
  readonly code: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly trace_id?: string;
  readonly errors?: readonly FieldError[];
  readonly [extra: string]: unknown;
}

export interface FieldError {
  readonly field: string;
  readonly message: string;
}

/** A call that the plane refused, or that got no answer. */
export class ProblemError extends Error {
  constructor(
    readonly problem: Problem,
    /** The ETag of what is stored, if the problem says what that is. */
    readonly etag: string | null = null,
  ) {
    super(problem.detail);
  }

  /**
   * What is wrong with the fields of a form, by name. The messages leave the names out, because the labels of
   * the fields say better which they are.
   */
  get byField(): Readonly<Record<string, string>> {
    return Object.fromEntries((this.problem.errors ?? []).map((error) => [error.field, saidOf(error)]));
  }
}

/** The tenant is served at another address. Reloading the page leads there. */
export const MOVED: Problem = {
  code: 'tenant_moved',
  title: 'This workspace has moved',
  status: 307,
  detail: 'Reload the page to go to its new address.',
};

/** Nothing can be saved for a moment. */
const FROZEN: Problem = {
  code: 'tenant_frozen',
  title: 'Not saved',
  status: 503,
  detail: 'This workspace is being moved or removed, so nothing was saved. Try again in a moment.',
};

/** The code of a call that got no answer. */
export const NO_ANSWER = 'no_answer';

export function codeOf(error: unknown): string | null {
  return error instanceof ProblemError ? error.problem.code : null;
}

/** Whether what was asked for does not exist, or is hidden from the user. */
export function isMissing(error: unknown): boolean {
  return error instanceof ProblemError && error.problem.status === 404;
}

/** What a refusal says about each field, and about fields inside of it, such as `matchers.0.value`. */
export function wrongOf(error: unknown): (field: string) => string | undefined {
  const byField = error instanceof ProblemError ? error.byField : {};
  return (field) => {
    const inner = Object.keys(byField).find((name) => name === field || name.startsWith(`${field}.`));
    return inner === undefined ? undefined : byField[inner];
  };
}

const EACH = 'each value in ';

/**
 * What is wrong with a field, with the given name in place of the one that programs use. Leave the name out
 * where it stands beside the message.
 */
export function saidOf({ field, message }: FieldError, name?: string): string {
  const isEach = message.startsWith(EACH);
  const said = isEach ? message.slice(EACH.length) : message;
  // Within a larger field, some messages use the whole path, and others its last part.
  const theirs = [field, field.split('.').at(-1) ?? ''].find((one) => said.startsWith(`${one} `));
  if (!theirs) return /^(must|is) /.test(message) ? `${name ?? 'This'} ${message}` : message;
  const rest = said.slice(theirs.length);
  if (!isEach) return (name ?? 'This') + rest;
  return `Each value${name === undefined ? '' : ` of ${name.toLowerCase()}`}${rest}`;
}

export function problemOf(error: unknown): Problem {
  if (error instanceof ProblemError) return error.problem;
  const detail = 'The server cannot be reached. Check the connection, then try again.';
  return { code: NO_ANSWER, title: 'No answer', status: 0, detail };
}

/** A proxy in front of the plane may answer with something else than a problem. */
export function asProblem(body: unknown, { status, statusText }: Response): Problem {
  const isProblem = typeof body === 'object' && body !== null && 'code' in body && 'detail' in body;
  if (isProblem) return { ...(body as Problem), ...(body.code === FROZEN.code && FROZEN) };
  const detail = `The server answered ${status} ${statusText}. Try again in a moment.`;
  return { code: 'unexpected_answer', title: 'Unexpected answer', status, detail };
}
