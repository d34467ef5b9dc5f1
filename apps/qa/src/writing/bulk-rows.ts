import { type TenantRows } from '../tenant-rows';

type Row = Readonly<Record<string, unknown>>;

const DAY_MS = 24 * 3600_000;
/** Keeps the number of parameters per statement within the limits of both databases. */
const VALUES_A_STATEMENT = 20_000;

/**
 * Writes rows directly into the database, because creating that many accounts through the API would take too
 * long and is rate-limited.
 */
export async function insertRows(rows: TenantRows, table: string, all: readonly Row[]): Promise<void> {
  const columns = Object.keys(all[0] ?? {});
  const most = Math.floor(VALUES_A_STATEMENT / columns.length);
  for (let from = 0; from < all.length; from += most) {
    const some = all.slice(from, from + most);
    const places = some.map((_, row) => `(${columns.map((__, i) => `$${row * columns.length + i + 1}`)})`);
    const values = some.flatMap((row) => columns.map((column) => row[column]));
    await rows.query(`insert into ${table} (${columns}) values ${places}`, values);
  }
}

/** Formats the date in a way that both databases accept. */
export function daysFromNow(days: number): string {
  return new Date(Date.now() + days * DAY_MS).toISOString().replace('T', ' ').replace('Z', '');
}
