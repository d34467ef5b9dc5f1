import { type TenantScope } from '@atlas/persistence';
import { type ColumnMetadata } from 'typeorm/metadata/ColumnMetadata';
import { type ExportedRows, withSortedKeys } from './exported-rows';

/** Encloses a value that is spelled here and not by the database. No JSON text contains this character. */
const MARK = '\u0001';
/** A page ends with the row that exceeds this size, so a page of large rows is no larger than others. */
const PAGE_BYTES = 1_048_576;
/** How many rows the database looks at for the first page, and for any page. */
const [FIRST_ROWS, MAX_ROWS] = [200, 5000];

/** Lines of NDJSON. */
export interface Lines {
  readonly rows: number;
  readonly text: string;
}

interface Page {
  readonly rows: number;
  /** Null if there are no rows. */
  readonly text: string | null;
  readonly last: string;
}

/**
 * The lines of all rows of one table, in key order, exactly as `lineOf` writes them. The database writes each
 * page as one text. Reading an object for each row and writing its line here takes several times as long.
 */
export async function* exportedLines(
  { manager, tenantId }: TenantScope,
  rows: ExportedRows,
): AsyncGenerator<Lines> {
  const isPostgres = manager.connection.options.type === 'postgres';
  const pageAfter = pageQuery(rows, isPostgres);
  let [limit, after] = [FIRST_ROWS, <string[]>[]];
  for (;;) {
    const [page] = await manager.query<Page[]>(pageAfter(after.length > 0, limit), [tenantId, ...after]);
    if (!page?.text) return;
    yield { rows: page.rows, text: respelled(page.text) };
    after = [page.last];
    limit = Math.min(MAX_ROWS, Math.ceil((PAGE_BYTES / page.text.length) * page.rows));
  }
}

function pageQuery({ codec, columns }: ExportedRows, isPostgres: boolean) {
  const { metadata, onlyKey, table } = codec;
  const members = columns.map((name) => {
    const column = metadata.findColumnWithDatabaseName(name);
    if (!column) throw new Error(`exported-tables.ts lists ${table}.${name}, which is not a column.`);
    return `'"${name}":' || coalesce(${spelling(column, isPostgres)}, 'null')`;
  });
  const key = `"${onlyKey.databaseName}"`;
  const line = `'{' || ${members.join(` || ',' || `)} || '}\n'`;
  return (isFurther: boolean, limit: number): string =>
    `select cast(count(*) as integer) as rows, string_agg(line, '' order by key) as text,
       max(cast(key as text)) as last
     from (select key, line, sum(octet_length(line)) over (order by key) as bytes
       from (select ${key} as key, ${line} as line
         from ${table} where tenant_id = $1 ${isFurther ? `and ${key} > $2` : ''}
         order by ${key} limit ${limit}) as looked_at) as measured
     where bytes - octet_length(line) < ${PAGE_BYTES}`;
}

/** SQL for a column's value as JSON, or null. */
function spelling({ type, databaseName }: ColumnMetadata, isPostgres: boolean): string {
  const column = `"${databaseName}"`;
  switch (type) {
    case 'uuid':
      return `'"' || cast(${column} as text) || '"'`;
    case 'varchar':
    case 'text':
      return isPostgres ? `cast(to_json(${column}) as text)` : `json_quote(${column})`;
    case 'integer':
    case 'bigint':
      return `cast(${column} as text)`;
    case 'boolean':
      return `case when ${column} then 'true' when not ${column} then 'false' end`;
    case Date:
      return isPostgres
        ? `'"' || to_char(${column} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') || '"'`
        : `strftime('"%Y-%m-%dT%H:%M:%fZ"', ${column})`;
    case 'simple-json':
      return marked(`cast(${column} as text)`);
    case 'double precision':
      // SQLite casts to 15 digits, and prints null as 0.
      return marked(
        isPostgres
          ? `cast(${column} as text)`
          : `case when ${column} is not null then printf('%!.17g', ${column}) end`,
      );
    default:
      throw new Error(`There is no spelling for the type of ${databaseName}.`);
  }
}

/** JSON text that may differ between the databases. */
function marked(sql: string): string {
  return `'${MARK}' || ${sql} || '${MARK}'`;
}

/** Many rows of a page have the same JSON, such as service levels. */
function respelled(text: string): string {
  const known = new Map<string, string>();
  return text
    .split(MARK)
    .map((part, index) => {
      if (index % 2 === 0) return part;
      const spelled = known.get(part) ?? JSON.stringify(withSortedKeys(JSON.parse(part)));
      known.set(part, spelled);
      return spelled;
    })
    .join('');
}
