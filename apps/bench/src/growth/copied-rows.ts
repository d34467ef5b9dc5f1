import { type Client } from 'pg';

/**
 * SQL: the id of the n-th copy, which is later than those of the copies before it and of all other rows.
 */
export function sqlOfCopiedId(n: string): string {
  return `('ffff0000-0000-7000-8000-' || lpad(to_hex(${n}), 12, '0'))::uuid`;
}

export function copiedId(n: number): string {
  return `ffff0000-0000-7000-8000-${n.toString(16).padStart(12, '0')}`;
}

interface Copies {
  readonly table: string;
  readonly where: string;
  readonly copies: number;
  /** Expressions by column. `n` is the number of the copy, from 1. */
  readonly own: Readonly<Record<string, string>>;
}

/** Inserts copies of one row that the Control Plane wrote. They differ from it in the columns of `own`. */
export async function copyRow(client: Client, { table, where, copies, own }: Copies): Promise<void> {
  const { fields } = await client.query(`select * from ${table} limit 0`);
  const names = fields.map(({ name }) => name);
  const values = names.map((name) => own[name] ?? `t."${name}"`);
  await client.query(
    `insert into ${table} (${names.map((name) => `"${name}"`).join(', ')}) select ${values.join(', ')}
      from generate_series(1, ${copies}) n, (select * from ${table} where ${where} limit 1) t`,
  );
}
