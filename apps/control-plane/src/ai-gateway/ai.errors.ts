import { DomainError } from '@atlas/platform';

export function aiUnavailable(reason: string): DomainError {
  return new DomainError('ai_unavailable', 'unavailable', `AI is not available: ${reason}.`);
}

export function aiTimeout(seconds: number): DomainError {
  const detail = `The AI provider sent nothing for ${seconds} s. Try again, or send a shorter request.`;
  return new DomainError('ai_timeout', 'unavailable', detail);
}

/** All tenants share the rate limit of the Control Plane's account with the provider. */
export function aiRateLimited(retryAfterSeconds: string): DomainError {
  const detail = `The rate limit of the AI provider has been reached. Try again in ${retryAfterSeconds} s.`;
  const headers = { 'retry-after': retryAfterSeconds };
  return new DomainError('ai_rate_limited', 'too_many', detail, {}, headers);
}

function requestRefused(detail: string): DomainError {
  return new DomainError('ai_request_refused', 'unprocessable', detail);
}

export function aiRequestRefused(status: number): DomainError {
  return requestRefused(
    `The AI provider refused this request (status ${status}). Check its parameters, the name of the model, ` +
      'and the length of the messages.',
  );
}

export function aiContentRefused(status: number): DomainError {
  return requestRefused(
    `The AI provider refused this request because of its rules on content (status ${status}). Change what ` +
      'the messages say.',
  );
}

export function aiQuestionTooLong(status: number): DomainError {
  return requestRefused(
    `The AI provider refused this request as too long (status ${status}). Shorten the messages, or lower ` +
      'max_tokens.',
  );
}

export function aiModelUnknown(status: number): DomainError {
  return requestRefused(
    `The AI provider does not know the model (status ${status}). Leave out \`model\`, or have an owner of ` +
      "the Control Plane check the provider's models and base URL.",
  );
}

export function aiNotAllowed(): DomainError {
  const detail =
    "The tenant's admin has not allowed AI prompts to leave the customer's network. To allow this, send " +
    'PUT /api/ai/settings {"allow_control_plane": true} to the tenant plane.';
  return new DomainError('ai_not_allowed', 'forbidden', detail);
}

export function aiUnpaid(): DomainError {
  const detail =
    'A bill of this tenant has been unpaid for more than 14 days, so AI is not available until it is paid.';
  return new DomainError('payment_required', 'payment_required', detail);
}

export function tenantBusy(limit: number): DomainError {
  const detail =
    `${limit} questions of this tenant are being answered, which is the most at a time. Wait for an ` +
    'answer, then ask again.';
  return new DomainError('ai_tenant_busy', 'too_many', detail, { limit }, { 'retry-after': '1' });
}

/** `reason` says why no provider was asked. */
export function aiPaused(seconds: number, reason: string): DomainError {
  const detail = `AI is not available: ${reason}. Try again in ${seconds} s.`;
  return new DomainError('ai_unavailable', 'unavailable', detail, {}, { 'retry-after': String(seconds) });
}
