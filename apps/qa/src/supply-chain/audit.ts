import { spawnSync } from 'node:child_process';
import { ROOT } from './locked-packages';
import { type AuditReport, overdue } from './vulnerabilities';

/**
 * Queries the registry. Some mirrors do not support this query. In that case, the result is unknown and does
 * not count as a success.
 */
const { stdout } = spawnSync('npm', ['audit', '--json'], { cwd: ROOT, encoding: 'utf8', maxBuffer: 2 ** 26 });
const report = JSON.parse(stdout) as Partial<AuditReport> & { readonly message?: string };
const { vulnerabilities } = report;
const found = vulnerabilities
  ? overdue({ vulnerabilities }, new Date())
  : [`The registry did not respond: ${report.message}`];
process.stdout.write(`${found.length === 0 ? 'audit: OK' : ['audit: FAILED', ...found].join('\n')}\n`);
process.exitCode = found.length === 0 ? 0 : 1;
