import { DomainError } from '../errors/errors';

export function signOnNotConfigured(detail: string): DomainError {
  return new DomainError('sign_on_not_configured', 'not_found', detail);
}

/**
 * This browser has no matching attempt: no attempt was started, the attempt has expired, or it belongs to a
 * different sign-in.
 */
export function signOnNotBegun(): DomainError {
  return new DomainError(
    'sign_on_not_begun',
    'unauthenticated',
    'This sign-in was not started in this browser, or was started too long ago. Start again.',
  );
}

/**
 * The provider's response proves no identity. The exact reason is only logged, because unauthenticated
 * callers can read this error.
 */
export function signOnRefused(): DomainError {
  return new DomainError(
    'sign_on_refused',
    'unauthenticated',
    'The identity provider did not sign you in. Try again. If that does not help, ask its administrator.',
  );
}

/**
 * The same error for an account that is unknown, is disabled or belongs to someone else, so that callers
 * learn nothing about accounts.
 */
export function signOnUnknownAccount(detail: string): DomainError {
  return new DomainError('sign_on_unknown_account', 'forbidden', detail);
}

export function identityProviderUnavailable(reason: string): DomainError {
  return new DomainError(
    'identity_provider_unavailable',
    'unavailable',
    `The identity provider cannot be used right now: ${reason}.`,
    {},
    { 'retry-after': '30' },
  );
}
