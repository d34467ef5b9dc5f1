/** Text from outside may contain control characters, which must not reach the terminal. */
export function indented(text: string): string {
  const lines = text.replace(/\n$/, '').split('\n');
  return lines.map((line) => `  ${line.replaceAll(/[^\P{Cc}\t]/gu, ' ')}\n`).join('');
}
