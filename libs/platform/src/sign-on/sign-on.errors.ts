import { DomainError } from '../errors/errors';

export function signOnNotConfigured(detail: string): DomainError {
  return new DomainError('sign_on_not_configured', 'not_found', detail);
}

/** No attempt of this browser fits: none was begun, it took too long, or it was another one. */
export function signOnNotBegun(): DomainError {
  return new DomainError(
    'sign_on_not_begun',
    'unauthenticated',
    'This sign-in was not begun in this browser, or too long ago. Begin again.',
  );
}

/** What came back proves nobody. What exactly was wrong is in the log, where no stranger reads it. */
export function signOnRefused(): DomainError {
  return new DomainError(
    'sign_on_refused',
    'unauthenticated',
    'The identity provider did not sign you in. Begin again; if that does not help, ask who runs it.',
  );
}

/** One answer for an account that is unknown, disabled or not yours: who asks learns of none. */
export function signOnUnknownAccount(detail: string): DomainError {
  return new DomainError('sign_on_unknown_account', 'forbidden', detail);
}

export function identityProviderUnavailable(reason: string): DomainError {
  return new DomainError(
    'identity_provider_unavailable',
    'unavailable',
    `The identity provider can't be used now: ${reason}.`,
    {},
    { 'retry-after': '30' },
  );
}
