import { FROM_MODULES, type PlaneProcess, builtFile } from '@atlas/testing';

/** Environment variables that make a plane count the statements passed to its database drivers. */
export const countingStatements = (): Readonly<Record<string, string>> => ({
  ...FROM_MODULES,
  NODE_OPTIONS: `--require "${builtFile('qa', 'preloads/statement-report.js')}"`,
});

interface Report {
  readonly counts: Readonly<Record<string, number>>;
}

/**
 * Counts the statements for requests with the trace id `COUNTED_TRACE` in a plane that was started with
 * {@link countingStatements}.
 */
export class StatementReports {
  private count = 0;

  constructor(private readonly plane: PlaneProcess) {}

  /**
   * How many statements there have been since the last call of this method, not counting those that store the
   * nonce of a request.
   */
  async next(): Promise<number> {
    process.kill(this.plane.pid, 'SIGWINCH');
    const line = await this.plane.line(new RegExp(`^{"statement_report":${++this.count},.*}$`));
    return Object.entries((JSON.parse(line) as Report).counts)
      .filter(([statement]) => !OF_THE_NONCE.test(statement))
      .reduce((sum, [, times]) => sum + times, 0);
  }
}

/** Also matches the start and end of the transaction that stores the nonce. */
const OF_THE_NONCE = /^(begin|commit)\b|\binsert into request_nonces\b/i;
