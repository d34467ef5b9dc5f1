/** Lines for the service manager's log. They never contain a key, output or arguments. */
export class Log {
  line(text: string): void {
    process.stdout.write(`${new Date().toISOString()} ${text}\n`);
  }
}
