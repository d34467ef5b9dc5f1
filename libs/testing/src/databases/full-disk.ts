import { Database as SqliteConnection } from 'sqlite3';
import { asAdmin } from './roles';
import { type TestDatabase, testServerUrl } from './test-database';

type Method = (this: SqliteConnection, sql: string, ...others: unknown[]) => unknown;
const sqlite = SqliteConnection.prototype as unknown as Record<'all' | 'run', Method>;

/** Needs more pages than are free in a test's database. */
const GROW = 'create table grown as select zeroblob(10000000) as bytes';

/**
 * While it is full, writes fail. Declare it with `await using`. On SQLite, each statement that writes, in any
 * database of this process, is replaced by one that cannot get the space that it needs, so that SQLite fails
 * as it does on a full disk. On Postgres, writes to the audit trail fail with the SQLSTATE of a full disk.
 */
export class FullDisk implements AsyncDisposable {
  private constructor(private readonly makeSpace: () => Promise<unknown>) {}

  static async fill({ driver, url }: TestDatabase): Promise<FullDisk> {
    if (driver === 'sqlite') return new FullDisk(fillSqlite());
    const own = new URL(new URL(url).pathname, testServerUrl()).toString();
    const run = (sql: string) => asAdmin(own, (client) => client.query(sql));
    await run(`
      create function disk_is_full() returns trigger language plpgsql as $$ begin
        raise exception 'no space left on device' using errcode = '53100';
      end $$;
      create trigger disk_is_full before insert on audit_events
        for each row execute function disk_is_full();`);
    return new FullDisk(() => run('drop function if exists disk_is_full cascade'));
  }

  async free(): Promise<void> {
    await this.makeSpace();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.free();
  }
}

function fillSqlite(): () => Promise<void> {
  const { all, run } = sqlite;
  const failing = (original: Method): Method =>
    function (sql, ...others) {
      if (!/^\s*(insert|update)\b/i.test(sql)) return original.call(this, sql, ...others);
      // The connection that has this limit is closed after the failure.
      return all.call(this, 'pragma max_page_count = 1', [], () => all.call(this, GROW, [], others.at(-1)));
    };
  Object.assign(sqlite, { all: failing(all), run: failing(run) });
  return async () => void Object.assign(sqlite, { all, run });
}
