import { type TableRows } from './part';
import { type PortableRow } from './row-codec';

/**
 * The size of a part as JSON, before compression. The last row may exceed this size by less than half a
 * megabyte, because the API accepts no larger rows.
 */
const PART_BYTES = 1_000_000;

/** Collects the rows of a part. */
export class PartRows {
  private readonly rows = new Map<string, { rows: PortableRow[]; deleted: (readonly string[])[] }>();
  private bytes = 0;

  get isFull(): boolean {
    return this.bytes >= PART_BYTES;
  }

  get tables(): TableRows[] {
    return [...this.rows].map(([table, those]) => ({ table, ...those }));
  }

  put(table: string, row: PortableRow): void {
    this.of(table, row).rows.push(row);
  }

  remove(table: string, key: readonly string[]): void {
    this.of(table, key).deleted.push(key);
  }

  private of(table: string, added: object) {
    this.bytes += Buffer.byteLength(JSON.stringify(added));
    const those = this.rows.get(table) ?? { rows: [], deleted: [] };
    this.rows.set(table, those);
    return those;
  }
}
