import { FROM_MODULES, type PlaneProcess, builtFile } from '@atlas/testing';

/** For a plane's environment: it counts the statements that its drivers are given. */
export const countingStatements = (): Readonly<Record<string, string>> => ({
  ...FROM_MODULES,
  NODE_OPTIONS: `--require "${builtFile('qa', 'preloads/statement-report.js')}"`,
});

interface Report {
  readonly counts: Readonly<Record<string, number>>;
}

/** What requests that are {@link COUNTED} cost a plane's database; it has to be started with {@link countingStatements}. */
export class StatementReports {
  private count = 0;

  constructor(private readonly plane: PlaneProcess) {}

  /** How many statements since the last time. That of a call's nonce is not counted. */
  async next(): Promise<number> {
    process.kill(this.plane.pid, 'SIGWINCH');
    const line = await this.plane.line(new RegExp(`^{"statement_report":${++this.count},.*}$`));
    return Object.entries((JSON.parse(line) as Report).counts)
      .filter(([statement]) => !OF_THE_NONCE.test(statement))
      .reduce((sum, [, times]) => sum + times, 0);
  }
}

/** And of the transaction in which it is written. */
const OF_THE_NONCE = /^(begin|commit)\b|\binsert into request_nonces\b/i;
