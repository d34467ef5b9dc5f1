const PASSWORD_IN_URL = /(:\/\/[^:@/\s]*:)[^@/\s]+@/g;

/** Text from a program that was given secrets, without them. */
export function redact(text: string, secrets: readonly string[]): string {
  const open = text.replaceAll(PASSWORD_IN_URL, '$1***@');
  return secrets.reduce((result, secret) => result.replaceAll(secret, '***'), open);
}
