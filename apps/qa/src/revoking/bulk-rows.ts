import { inBatches } from '../in-batches';
import { type TenantRows } from '../tenant-rows';

type Row = Readonly<Record<string, unknown>>;

const DAY_MS = 24 * 3600_000;

/** Writes rows past the plane: to make that many accounts by calls takes long, and is limited. */
export async function insertRows(rows: TenantRows, table: string, all: readonly Row[]): Promise<void> {
  await inBatches(all, { batch: 1 }, async (row) => {
    const columns = Object.keys(row);
    const places = columns.map((_, index) => `$${index + 1}`);
    await rows.query(`insert into ${table} (${columns}) values (${places})`, Object.values(row));
  });
}

/** As both databases take it. */
export function daysFromNow(days: number): string {
  return new Date(Date.now() + days * DAY_MS).toISOString().replace('T', ' ').replace('Z', '');
}
