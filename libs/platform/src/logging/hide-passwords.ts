const PASSWORD_IN_URL = /(:\/\/[^:@/\s]*:)[^@/\s]+@/g;

/** The text with the passwords removed from its URLs. */
export function hidePasswords(text: string): string {
  return text.replaceAll(PASSWORD_IN_URL, '$1***@');
}
