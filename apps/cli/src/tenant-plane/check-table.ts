export interface CheckView {
  readonly name: string;
  readonly ok: boolean;
  readonly skipped?: boolean;
  readonly warning?: boolean;
  readonly detail: string;
  readonly fix?: string;
}

/** One line per check, with the fix below each failure and warning. */
export function checkTable(checks: readonly CheckView[]): string {
  const width = Math.max(...checks.map(({ name }) => name.length));
  const indent = ' '.repeat(width + 6);
  return checks
    .map((check) => {
      const line = `  ${markOf(check)} ${check.name.padEnd(width)}  ${check.detail}\n`;
      return (check.ok && !check.warning) || check.skipped
        ? line
        : `${line}${indent}Fix: ${check.fix ?? ''}\n`;
    })
    .join('');
}

function markOf({ ok, skipped, warning }: CheckView): string {
  if (skipped) return '-';
  if (warning) return '!';
  return ok ? '✓' : '✗';
}

export interface PreflightView {
  readonly running: { readonly pid: number | null; readonly port: number | null } | null;
  readonly checks: readonly CheckView[];
}

export function verdictOn({ checks, running }: PreflightView): string {
  const failed = checks.filter(({ ok, skipped }) => !ok && !skipped).length;
  if (failed === 0 && running) {
    const where = [
      running.pid !== null && `process ${running.pid}`,
      running.port !== null && `port ${running.port}`,
    ].filter(Boolean);
    const named = where.length > 0 ? ` (${where.join(', ')})` : '';
    return `This plane is already running${named}. Restart it to apply changed settings.\n`;
  }
  if (failed === 0) return 'Ready to start.\n';
  const advice = failed === 1 ? 'One check failed. Fix it first' : `${failed} checks failed. Fix them first`;
  return `${advice}. Nothing was changed, and the token is still unused.\n`;
}
