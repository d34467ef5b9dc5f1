import { type CommitCutter, startCommitCutter, testServerUrl } from '@atlas/testing';
import { Database as SqliteConnection } from 'sqlite3';

const all = SqliteConnection.prototype.all as (...call: unknown[]) => void;
type Callback = (error: Error | null) => void;

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
 * database file in the process, including scratch databases.
 */
export class CommitFaults {
  /** The number of failures so far. */
  count = 0;
  private passing = 0;
  private isOn = false;

  private constructor(private readonly cutter: CommitCutter) {}

  /** Works with either database. Only one instance may be in use at a time. */
  static async start(): Promise<CommitFaults> {
    const cutter = await startCommitCutter(testServerUrl());
    const faults = new CommitFaults(cutter);
    cutter.armWhere(() => (faults.isNext() ? CUTS[faults.count % CUTS.length] : undefined));
    return faults;
  }

  /** The URL for a plane to use, so that its COMMITs can fail. */
  through(url: string): string {
    return url.startsWith('postgres') ? this.cutter.through(url) : url;
  }

  /** Must be called in each test, because `jest.restoreAllMocks` stops the failures on SQLite. */
  begin(): void {
    this.failSqlite();
    Object.assign(this, { isOn: true, count: 0, passing: 0 });
  }

  end(): void {
    this.isOn = false;
  }

  async stop(): Promise<void> {
    this.end();
    await this.cutter.close();
  }

  private isNext(): boolean {
    if (!this.isOn) return false;
    if (this.passing > 0) {
      this.passing -= 1;
      return false;
    }
    this.count += 1;
    this.passing = this.count;
    return true;
  }

  private failSqlite(): void {
    const isNext = this.isNext.bind(this);
    const faultNow = () => SQLITE_FAULTS[this.count % SQLITE_FAULTS.length] ?? SQLITE_FAULTS[0];
    const failing = function (this: SqliteConnection, ...call: unknown[]): void {
      if (call[0] !== 'commit' || !isNext()) return all.apply(this, call);
      const [code, outcome] = faultNow();
      const answer = call.at(-1) as Callback;
      all.call(this, outcome, [], () =>
        answer(Object.assign(new Error(`${code}: simulated fault`), { code })),
      );
    };
    // The method is overloaded, and `spyOn` would use only its last overload.
    const methods: Record<'all', (...call: never[]) => unknown> = SqliteConnection.prototype;
    jest.spyOn(methods, 'all').mockImplementation(failing);
  }
}
