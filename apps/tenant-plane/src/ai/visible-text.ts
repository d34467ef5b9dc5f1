/** Default-ignorable characters are invisible, or change the order of others (Unicode, UAX 44). */
const INVISIBLE = /[\p{Default_Ignorable_Code_Point}\u2028\u2029\ufff9-\ufffb]|(?![\t\n\r])\p{Cc}/gu;

/**
 * The text without characters that nobody sees: zero-width ones, control characters, and those that make
 * text read differently from what runs (https://trojansource.codes). They could also split a name, so that
 * it is not recognised.
 */
export function visible(text: string): string {
  return text.replace(INVISIBLE, '');
}
