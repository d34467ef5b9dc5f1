import { type Manifest } from '@atlas/plane-contract';

const MODULUS = 1n << 128n;

interface Sum {
  rows: number;
  sum: bigint;
}

/**
 * The row counts and checksums of a tenant's tables, updated row by row. A checksum is the sum of the hashes
 * of all rows, in any order. Both sides of a transfer maintain the sums while it runs, so that the final
 * comparison takes almost no time.
 */
export class RowSums {
  private readonly hashes = new Map<string, bigint>();
  private readonly sums = new Map<string, Sum>();

  constructor(tables: readonly string[]) {
    for (const table of tables) this.sums.set(table, { rows: 0, sum: 0n });
  }

  put(table: string, key: readonly string[], hash: bigint): void {
    this.remove(table, key);
    this.hashes.set(idOf(table, key), hash);
    this.add(table, 1, hash);
  }

  remove(table: string, key: readonly string[]): void {
    const id = idOf(table, key);
    const hash = this.hashes.get(id);
    if (hash === undefined) return;
    this.hashes.delete(id);
    this.add(table, -1, -hash);
  }

  manifest(): Manifest {
    const tables = [...this.sums].map(([table, { rows, sum }]) => {
      return [table, { rows, checksum: sum.toString(16).padStart(32, '0') }] as const;
    });
    return Object.fromEntries(tables);
  }

  private add(table: string, rows: number, hash: bigint): void {
    const entry = this.sums.get(table);
    if (!entry) throw new Error(`There is no tenant-scoped table ${table}.`);
    entry.rows += rows;
    entry.sum = (entry.sum + hash + MODULUS) % MODULUS;
  }
}

/** The tables that differ; empty if the manifests are the same. */
export function differences(one: Manifest, other: Manifest): string[] {
  const tables = [...new Set([...Object.keys(one), ...Object.keys(other)])];
  return tables.filter((table) => {
    const [a, b] = [one[table], other[table]];
    return (a?.rows ?? 0) !== (b?.rows ?? 0) || (a?.checksum ?? EMPTY) !== (b?.checksum ?? EMPTY);
  });
}

const EMPTY = '0'.repeat(32);

/** Identifies a row across all tables. */
export function idOf(table: string, key: readonly string[]): string {
  return `${table}\0${key.join('\0')}`;
}
