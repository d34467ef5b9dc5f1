import { Database as SqliteConnection } from 'sqlite3';
import { type CommitCutter, startCommitCutter } from './commit-cutter';
import { testServerUrl } from './test-database';

type All = (this: SqliteConnection, ...call: unknown[]) => void;
type Callback = (error: Error | null) => void;

const sqlite = SqliteConnection.prototype as unknown as { all: All };
const { all } = sqlite;

/** On SQLite: the error that COMMIT returns, and what really happens to the transaction. */
const SQLITE_FAULTS = [
  ['SQLITE_FULL', 'rollback'],
  ['SQLITE_IOERR', 'commit'],
  ['SQLITE_IOERR', 'rollback'],
] as const;
const CUTS = ['before', 'after'] as const;

/**
 * Makes COMMITs fail while a plane works, although some of them still take effect. The first, third, sixth
 * and so on fail, so that each retry gets further than the previous one. On SQLite this affects every
 * database file in the process, including scratch databases, and COMMITs of background work.
 */
export class CommitFaults {
  /** The number of failures so far. */
  count = 0;
  private passing = 0;
  private isOn = false;
  private isEach = false;

  private constructor(private readonly cutter: CommitCutter) {}

  /** Works with either database. Only one instance may be in use at a time. */
  static async start(): Promise<CommitFaults> {
    const cutter = await startCommitCutter(testServerUrl());
    const faults = new CommitFaults(cutter);
    faults.failSqlite();
    cutter.armWhere(() => (faults.isNext() ? CUTS[faults.count % CUTS.length] : undefined));
    return faults;
  }

  /** The URL for a plane to use, so that its COMMITs can fail. */
  through(url: string): string {
    return url.startsWith('postgres') ? this.cutter.through(url) : url;
  }

  begin(): void {
    Object.assign(this, { isOn: true, isEach: false, count: 0, passing: 0 });
  }

  /** Makes each COMMIT fail until {@link end}, whichever work it belongs to. */
  beginEach(): void {
    this.begin();
    this.isEach = true;
  }

  end(): void {
    this.isOn = false;
  }

  async stop(): Promise<void> {
    this.end();
    sqlite.all = all;
    await this.cutter.close();
  }

  private isNext(): boolean {
    if (!this.isOn) return false;
    if (this.passing > 0) {
      this.passing -= 1;
      return false;
    }
    this.count += 1;
    this.passing = this.isEach ? 0 : this.count;
    return true;
  }

  private failSqlite(): void {
    const isNext = this.isNext.bind(this);
    const faultNow = () => SQLITE_FAULTS[this.count % SQLITE_FAULTS.length] ?? SQLITE_FAULTS[0];
    sqlite.all = function (...call): void {
      if (call[0] !== 'commit' || !isNext()) return all.apply(this, call);
      const [code, outcome] = faultNow();
      const answer = call.at(-1) as Callback;
      all.call(this, outcome, [], () =>
        answer(Object.assign(new Error(`${code}: simulated fault`), { code })),
      );
    };
  }
}
