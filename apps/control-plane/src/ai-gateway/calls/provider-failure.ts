import { type DomainError } from '@atlas/platform';
import { aiTimeout, aiUnavailable } from '../ai.errors';

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

/** The provider sent something that is not an answer. */
export function notAnAnswer(reason: string): ProviderFailure {
  return new ProviderFailure(aiUnavailable(reason), 'elsewhere', true);
}

export function timedOut(ms: number): ProviderFailure {
  return new ProviderFailure(aiTimeout(ms / 1000), 'elsewhere', true);
}

/** Nothing came from the provider. */
export class Unreachable extends ProviderFailure {}

export function unreachable(error: unknown): Unreachable {
  const { code, cause, name } = error as { code?: unknown; cause?: { code?: unknown }; name?: unknown };
  const reason = [cause?.code, code, name].find((one) => typeof one === 'string') ?? 'no reason given';
  const detail = `the provider cannot be reached or closed the connection (${String(reason)})`;
  return new Unreachable(aiUnavailable(detail), 'again', true);
}
