import { type TestDatabase, testServerUrl } from '@atlas/testing';
import { Client } from 'pg';

type Change = Readonly<Record<string, unknown>>;

/** Rows that are copies of real ones, in states that the real way would take minutes to reach. */
export class Rows {
  private constructor(private readonly client: Client) {}

  /** The server's owner sees the rows of all tenants. */
  static async open(database: TestDatabase): Promise<Rows> {
    const url = new URL(testServerUrl());
    url.pathname = new URL(database.url).pathname;
    const client = new Client({ connectionString: url.toString() });
    await client.connect();
    return new Rows(client);
  }

  close(): Promise<void> {
    return this.client.end();
  }

  /** Copies the oldest row of the table, as its key says. `change` says how the copy differs, by column. */
  async copy(table: string, change: Change, key = 'id'): Promise<void> {
    await this.client.query(
      `insert into ${table} select (jsonb_populate_record(null::${table}, to_jsonb(original) || $1)).*
        from (select * from ${table} order by ${key} limit 1) original`,
      [change],
    );
  }

  async change(table: string, id: string, change: Change): Promise<void> {
    const columns = Object.keys(change);
    if (columns.length === 0) return;
    await this.client.query(
      `update ${table} set (${columns}) = row(${columns.map((column) => `changed.${column}`)})
        from jsonb_populate_record(null::${table}, $2) changed where ${table}.id = $1`,
      [id, change],
    );
  }
}

const MINUTE_MS = 60_000;
export const HOUR = 60;
export const DAY = 24 * HOUR;

/** The time that many minutes ago, as RFC 3339. */
export function ago(minutes: number): string {
  return new Date(Date.now() - minutes * MINUTE_MS).toISOString();
}

/** The time in that many minutes, as RFC 3339. */
export function ahead(minutes: number): string {
  return ago(-minutes);
}
