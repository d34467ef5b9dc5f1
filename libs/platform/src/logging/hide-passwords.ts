const PASSWORD_IN_URL = /(:\/\/[^:@/\s]*:)[^@/\s]+@/g;

/** A text with the passwords taken out of the URLs in it. */
export function hidePasswords(text: string): string {
  return text.replaceAll(PASSWORD_IN_URL, '$1***@');
}
