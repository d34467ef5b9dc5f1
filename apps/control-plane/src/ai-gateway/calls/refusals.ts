import { type DomainError } from '@atlas/platform';
import {
  aiContentRefused,
  aiModelUnknown,
  aiQuestionTooLong,
  aiRateLimited,
  aiRequestRefused,
  aiUnavailable,
} from '../ai.errors';
import { ProviderFailure, type Retry } from './provider-failure';

const RETRY_AFTER_SECONDS = 10;

/** What a provider means by a response without an answer. */
interface Meaning {
  readonly retry: Retry;
  /** Whether it counts for the breaker. */
  readonly isFault: boolean;
  readonly error: (status: number, retryAfterSeconds: number) => DomainError;
}

const UNAVAILABLE = (status: number): DomainError =>
  aiUnavailable(`the provider responded with status ${status}`);

const MEANINGS = {
  question: { retry: 'never', isFault: false, error: aiRequestRefused },
  content: { retry: 'never', isFault: false, error: aiContentRefused },
  // Another provider may have a model that takes more.
  length: { retry: 'elsewhere', isFault: false, error: aiQuestionTooLong },
  model: { retry: 'elsewhere', isFault: false, error: aiModelUnknown },
  key: { retry: 'elsewhere', isFault: false, error: () => ownerMust('rejected the API key', 'replace it') },
  money: { retry: 'elsewhere', isFault: false, error: () => ownerMust('wants to be paid', 'pay it') },
  limit: { retry: 'again', isFault: false, error: (_, seconds) => aiRateLimited(String(seconds)) },
  failure: { retry: 'again', isFault: true, error: UNAVAILABLE },
  /** Such as a redirect, which is not followed. */
  notAnAnswer: { retry: 'elsewhere', isFault: true, error: UNAVAILABLE },
  /** It may be about this provider only, for example because it does not have that path or method. */
  unknown: { retry: 'elsewhere', isFault: false, error: UNAVAILABLE },
} satisfies Readonly<Record<string, Meaning>>;

/** What the protocols of OpenAI and Anthropic use in the same sense. */
const BY_STATUS = new Map<number, Meaning>([
  [400, MEANINGS.question],
  [401, MEANINGS.key],
  [402, MEANINGS.money],
  [403, MEANINGS.key],
  [404, MEANINGS.model],
  [408, MEANINGS.failure],
  [413, MEANINGS.length],
  [422, MEANINGS.question],
  [429, MEANINGS.limit],
]);

/**
 * Says more than a status between 400 and 499. Anthropic's types of errors say the same as their statuses.
 * Source: https://platform.openai.com/docs/guides/error-codes, and what compatible providers send.
 */
const BY_CODE = new Map<unknown, Meaning>([
  ['invalid_api_key', MEANINGS.key],
  ['insufficient_quota', MEANINGS.money],
  ['billing_error', MEANINGS.money],
  ['model_not_found', MEANINGS.model],
  ['context_length_exceeded', MEANINGS.length],
  ['content_filter', MEANINGS.content],
  ['content_policy_violation', MEANINGS.content],
]);

interface Refusal {
  readonly status: number;
  /** The header. */
  readonly retryAfter: string | null;
  /** What was sent, as far as it is JSON. */
  readonly body: unknown;
}

/** The failure for a response with an error status. Its text may quote the key or the question. */
export function refusalOf({ status, retryAfter, body }: Refusal): ProviderFailure {
  const { retry, isFault, error } = meaningOf(status, body);
  const waitMs = millisecondsOf(retryAfter);
  const seconds = waitMs === null ? RETRY_AFTER_SECONDS : Math.ceil(waitMs / 1000);
  return new ProviderFailure(error(status, seconds), retry, isFault, retry === 'again' ? waitMs : null);
}

function meaningOf(status: number, body: unknown): Meaning {
  if (status < 400) return MEANINGS.notAnAnswer;
  if (status >= 500) return MEANINGS.failure;
  const { code, type } = (body as Body)?.error ?? {};
  return BY_CODE.get(code) ?? BY_CODE.get(type) ?? BY_STATUS.get(status) ?? MEANINGS.unknown;
}

type Body =
  { readonly error?: { readonly code?: unknown; readonly type?: unknown } | null } | null | undefined;

function ownerMust(complaint: string, remedy: string): DomainError {
  return aiUnavailable(`the provider ${complaint}, and an owner of the Control Plane must ${remedy}`);
}

/** Understands both forms of Retry-After (RFC 9110, section 10.2.3). */
function millisecondsOf(retryAfter: string | null): number | null {
  if (retryAfter === null) return null;
  if (/^\d{1,6}$/.test(retryAfter)) return Number(retryAfter) * 1000;
  const at = Date.parse(retryAfter);
  return Number.isNaN(at) ? null : Math.max(0, at - Date.now());
}
