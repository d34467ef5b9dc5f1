import { type TenantScope, copiedRows } from '@atlas/persistence';
import { escapeLiteral } from 'pg';
import { type ColumnMetadata } from 'typeorm/metadata/ColumnMetadata';
import { type ExportedRows, type Lines, columnsOf, withSortedKeys } from './exported-rows';

/** Writes the text of a value that is not null as JSON. */
type Spelling = (text: string) => string;

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
  const lineOf = lineSpelling(columns);
  for await (const copied of copiedRows(manager, select)) {
    const lines = copied.toString('utf8', 0, copied.length - 1).split('\n');
    yield { rows: lines.length, text: lines.map(lineOf).join('') };
  }
}

function selected({ databaseName, type }: ColumnMetadata): string {
  return type === Date ? `"${databaseName}" at time zone 'UTC'` : `"${databaseName}"`;
}

/** Runs for each value of an export, so it creates no objects. */
function lineSpelling(columns: readonly ColumnMetadata[]): (row: string) => string {
  const names = columns.map(({ databaseName }, index) => `${index === 0 ? '{' : ','}"${databaseName}":`);
  const spellings = columns.map(spellingOf);
  return (row) => {
    const values = row.split('\t');
    let line = '';
    for (let index = 0; index < values.length; index += 1) {
      const text = values[index] ?? '';
      line += names[index];
      line += text === '\\N' ? 'null' : spellings[index]?.(text.includes('\\') ? unescaped(text) : text);
    }
    return `${line}}\n`;
  };
}

function spellingOf({ type, databaseName }: ColumnMetadata): Spelling {
  switch (type) {
    case 'uuid':
      return (text) => `"${text}"`;
    case 'varchar':
    case 'text':
      return JSON.stringify;
    case 'integer':
    case 'bigint':
      return (text) => text;
    case 'double precision':
      return (text) => JSON.stringify(Number(text));
    case 'boolean':
      return (text) => (text === 't' ? 'true' : 'false');
    case Date:
      return timeOf;
    case 'simple-json':
      return jsonSpelling();
    default:
      throw new Error(`There is no spelling for the type of ${databaseName}.`);
  }
}

/** `2030-01-02 03:04:05.6`, in UTC, as RFC 3339 with milliseconds. */
function timeOf(text: string): string {
  if (text.length < 19 || text.length > 26) return JSON.stringify(new Date(`${text}Z`));
  const milliseconds = text.slice(20, 23).padEnd(3, '0');
  return `"${text.slice(0, 10)}T${text.slice(11, 19)}.${milliseconds}Z"`;
}

/** Rows that follow each other often have the same JSON, such as service levels. */
function jsonSpelling(): Spelling {
  let [last, spelled] = ['null', 'null'];
  return (text) => {
    if (text !== last) [last, spelled] = [text, JSON.stringify(withSortedKeys(JSON.parse(text)))];
    return spelled;
  };
}

const ESCAPED: Readonly<Record<string, string>> = { b: '\b', f: '\f', n: '\n', r: '\r', t: '\t', v: '\v' };

/** Undoes what COPY does to control characters and backslashes. */
function unescaped(text: string): string {
  return text.replace(/\\(.)/g, (_, character: string) => ESCAPED[character] ?? character);
}
