import { type PortableRow, type RowCodec } from '../portability/row-codec';

const MODULUS = 1n << 128n;

/**
 * The count and the checksum of rows, regardless of their order, in constant memory. `RowSums` has the same
 * checksums but can also forget a row, for which it remembers each row's hash.
 */
export class RowTally {
  rows = 0;
  private sum = 0n;

  constructor(
    private readonly codec: RowCodec,
    /** The columns to compare: those that the archive has. */
    private readonly columns: readonly string[],
  ) {}

  add(rows: readonly PortableRow[]): void {
    const compared = Object.fromEntries(this.columns.map((column) => [column, null]));
    for (const row of rows) this.sum = (this.sum + this.codec.hashOf(row, compared)) % MODULUS;
    this.rows += rows.length;
  }

  equals(other: RowTally): boolean {
    return this.rows === other.rows && this.sum === other.sum;
  }
}
