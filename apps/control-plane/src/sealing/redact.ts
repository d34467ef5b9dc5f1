import { hidePasswords } from '@atlas/platform';

/** Text from a program that was given secrets, without them. */
export function redact(text: string, secrets: readonly string[]): string {
  return secrets.reduce((result, secret) => result.replaceAll(secret, '***'), hidePasswords(text));
}
