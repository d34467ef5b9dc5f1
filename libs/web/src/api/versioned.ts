import { ProblemError, codeOf } from './problem';

/** What is stored, and the ETag of this version of it. */
export interface Versioned<Stored> {
  readonly stored: Stored;
  readonly etag: string;
}

/** The header that keeps a change from replacing what somebody else has saved meanwhile. */
export interface IfMatch {
  readonly 'if-match': string;
}

/** What a call has read or stored, with its ETag. */
export async function versionedOf<T>(
  call: Promise<{ readonly data?: T; readonly response: Response }>,
): Promise<Versioned<T>> {
  const { data, response } = await call;
  const etag = response.headers.get('etag');
  if (etag !== null) return { stored: data as T, etag };
  throw new ProblemError({
    code: 'unexpected_answer',
    title: 'Unexpected answer',
    status: response.status,
    detail: 'The answer has no ETag. A proxy may have removed it.',
  });
}

/** What is stored now, if a save came too late. `before` is what was stored when the form was filled. */
export function storedNow<Stored>(error: unknown, before: Stored): Versioned<Stored> | null {
  if (!(error instanceof ProblemError) || codeOf(error) !== 'changed_meanwhile') return null;
  const { current } = error.problem;
  return error.etag !== null && isLike(before, current) ? { stored: current, etag: error.etag } : null;
}

/** Whether it has all members of `before`. Their types are the contract's, as with all answers. */
function isLike<T>(before: T, found: unknown): found is T {
  return isObject(before) && isObject(found) && Object.keys(before).every((key) => key in found);
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}
