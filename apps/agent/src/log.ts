/** Lines for the service manager's log. They never contain a key, output or arguments. */
export class Log {
  line(text: string): void {
    process.stdout.write(`${new Date().toISOString()} ${printable(text)}\n`);
  }
}

/** Without characters that start a line or control a terminal, because users of the plane name the steps. */
export function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Zl}\p{Zp}]/gu, '\ufffd');
}
