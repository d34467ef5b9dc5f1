import { type DomainError } from '@atlas/platform';
import { aiRateLimited, aiRequestRefused, aiTimeout, aiUnavailable } from '../ai.errors';

/** Where the same question may be asked again: of the same provider, only of another, or of none. */
export type Retry = 'again' | 'elsewhere' | 'never';

/** Why a provider did not answer. `error` is what the tenant may see. */
export class ProviderFailure extends Error {
  constructor(
    readonly error: DomainError,
    readonly retry: Retry,
    /** Whether the provider does not work, rather than refusing this request. Counts for the breaker. */
    readonly isFault: boolean,
    /** How long the provider asks to be left alone (`Retry-After`), in milliseconds. */
    readonly retryAfterMs: number | null = null,
  ) {
    super(error.message);
  }
}

const RETRY_AFTER_SECONDS = 10;

/** The failure for a response with an error status. Its text may quote the key or the question. */
export function refusalOf(status: number, retryAfter: string | null): ProviderFailure {
  const waitMs = millisecondsOf(retryAfter);
  const unavailable = aiUnavailable(`the provider responded with status ${status}`);
  if (status === 401 || status === 403) return new ProviderFailure(keyRejected(), 'elsewhere', false);
  if (status === 429) {
    const seconds = waitMs === null ? RETRY_AFTER_SECONDS : Math.ceil(waitMs / 1000);
    return new ProviderFailure(aiRateLimited(String(seconds)), 'again', false, waitMs);
  }
  if (status === 408 || status >= 500) return new ProviderFailure(unavailable, 'again', true, waitMs);
  if (status < 400) return new ProviderFailure(unavailable, 'elsewhere', true);
  // Other statuses may be about the provider, such as an account without money, and not about the request.
  const isAboutRequest = status === 400 || status === 422;
  return new ProviderFailure(aiRequestRefused(status), isAboutRequest ? 'never' : 'elsewhere', false);
}

/** The provider sent something that is not an answer. */
export function notAnAnswer(reason: string): ProviderFailure {
  return new ProviderFailure(aiUnavailable(reason), 'elsewhere', true);
}

export function timedOut(ms: number): ProviderFailure {
  return new ProviderFailure(aiTimeout(ms / 1000), 'elsewhere', true);
}

export function unreachable(error: unknown): ProviderFailure {
  const { code, cause, name } = error as { code?: unknown; cause?: { code?: unknown }; name?: unknown };
  const reason = [cause?.code, code, name].find((one) => typeof one === 'string') ?? 'no reason given';
  const detail = `the provider cannot be reached or closed the connection (${String(reason)})`;
  return new ProviderFailure(aiUnavailable(detail), 'again', true);
}

function keyRejected(): DomainError {
  return aiUnavailable('the provider rejected the API key, which an owner of the Control Plane must replace');
}

/** Understands both forms of Retry-After (RFC 9110, section 10.2.3). */
function millisecondsOf(retryAfter: string | null): number | null {
  if (retryAfter === null) return null;
  if (/^\d{1,6}$/.test(retryAfter)) return Number(retryAfter) * 1000;
  const at = Date.parse(retryAfter);
  return Number.isNaN(at) ? null : Math.max(0, at - Date.now());
}
