import { type TenantScope, copiedRows } from '@atlas/persistence';
import { escapeLiteral } from 'pg';
import { type ColumnMetadata } from 'typeorm/metadata/ColumnMetadata';
import { type CopiedColumn, copiedColumn } from './copied-values';
import { type ExportedRows, type Lines, columnsOf } from './exported-rows';
import { GrowingBytes } from './growing-bytes';

const LINE_END = Buffer.from('}\n');

/** The lines of a table on Postgres: its rows by COPY, and then spelled column by column. */
export async function* copiedLines(
  { manager, tenantId }: TenantScope,
  rows: ExportedRows,
): AsyncGenerator<Lines> {
  const columns = columnsOf(rows);
  const { table, onlyKey } = rows.codec;
  // The index has the rows in this order. Otherwise, Postgres may sort all rows in a temporary file.
  await manager.query('set local enable_sort = off');
  const select = `select ${columns.map(selected).join(', ')} from ${table}
    where tenant_id = ${escapeLiteral(tenantId)} order by "${onlyKey.databaseName}"`;
  const spelled = columns.map(copiedColumn);
  for await (const copied of copiedRows(manager, select)) yield linesOf(copied, spelled);
}

function selected({ databaseName, type }: ColumnMetadata): string {
  return type === Date ? `"${databaseName}" at time zone 'UTC'` : `"${databaseName}"`;
}

/** Goes through the bytes, because a string for each value would take twice as long. */
function linesOf(copied: Buffer, columns: readonly CopiedColumn[]): Lines {
  const lines = new GrowingBytes(2 * copied.length);
  let [rows, at] = [0, 0];
  while (at < copied.length) {
    for (const { prefix, spell } of columns) {
      lines.add(prefix);
      // A tab or a newline follows the value.
      at = spell(lines, copied, at) + 1;
    }
    lines.add(LINE_END);
    rows += 1;
  }
  return { rows, bytes: lines.written };
}
