import { refuseGuessable } from '@atlas/platform';

/** Throws `validation_failed` for a password that is common or contains the operator's name. */
export function requireGoodPassword(password: string, email: string, field?: string): void {
  refuseGuessable(password, [email.split('@')[0] ?? ''], field);
}
