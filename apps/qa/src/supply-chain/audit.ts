import { spawnSync } from 'node:child_process';
import { ROOT } from './locked-packages';
import { type AuditReport, overdue } from './vulnerabilities';

/** Asks the registry, which not every mirror answers: then nothing is known, and that is no success either. */
const { stdout } = spawnSync('npm', ['audit', '--json'], { cwd: ROOT, encoding: 'utf8', maxBuffer: 2 ** 26 });
const report = JSON.parse(stdout) as Partial<AuditReport> & { readonly message?: string };
const { vulnerabilities } = report;
const found = vulnerabilities
  ? overdue({ vulnerabilities }, new Date())
  : [`The registry does not say: ${report.message}`];
process.stdout.write(`${found.length === 0 ? 'audit: OK' : ['audit: SHORT', ...found].join('\n')}\n`);
process.exitCode = found.length === 0 ? 0 : 1;
