import { hidePasswords } from '@atlas/platform';

/** Removes secrets from the output of a program that received them. */
export function redact(text: string, secrets: readonly string[]): string {
  return secrets.reduce((result, secret) => result.replaceAll(secret, '***'), hidePasswords(text));
}
