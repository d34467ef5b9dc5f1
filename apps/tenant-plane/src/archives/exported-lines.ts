import { type TenantScope } from '@atlas/persistence';
import { type ColumnMetadata } from 'typeorm/metadata/ColumnMetadata';
import { copiedLines } from './copied-lines';
import { type ExportedRows, type Lines, columnsOf, withSortedKeys } from './exported-rows';

/** Encloses a value that is spelled here and not by the database. No JSON text contains this character. */
const MARK = '\u0001';
/** A page ends with the row that exceeds this size, so a page of large rows is no larger than others. */
const PAGE_BYTES = 524_288;
/** How many rows the database looks at for the first page, and for any page. */
const [FIRST_ROWS, MAX_ROWS] = [200, 5000];

interface Page {
  readonly rows: number;
  /** Null if there are no rows. */
  readonly text: string | null;
  readonly last: string;
}

/**
 * The lines of all rows of one table, in key order, exactly as `lineOf` writes them. To read an object for
 * each row with TypeORM takes several times as long.
 */
export function exportedLines(scope: TenantScope, rows: ExportedRows): AsyncGenerator<Lines> {
  const isPostgres = scope.manager.connection.options.type === 'postgres';
  return isPostgres ? copiedLines(scope, rows) : writtenLines(scope, rows);
}

/** The lines of a table on SQLite, which writes each page as one text. */
async function* writtenLines({ manager, tenantId }: TenantScope, rows: ExportedRows): AsyncGenerator<Lines> {
  const pageAfter = pageQuery(rows);
  const read = async (limit: number, ...after: readonly string[]): Promise<Page | undefined> => {
    const [page] = await manager.query<Page[]>(pageAfter(after.length > 0, limit), [tenantId, ...after]);
    return page;
  };
  let page = await read(FIRST_ROWS);
  while (page?.text) {
    const limit = Math.min(MAX_ROWS, Math.ceil((PAGE_BYTES / page.text.length) * page.rows));
    // SQLite writes the next page while this one is compressed and stored.
    const next = read(limit, page.last);
    try {
      yield { rows: page.rows, bytes: Buffer.from(respelled(page.text)) };
    } finally {
      await next.catch(() => undefined);
    }
    page = await next;
  }
}

function pageQuery(rows: ExportedRows) {
  const { onlyKey, table } = rows.codec;
  const members = columnsOf(rows).map(
    (column) => `'"${column.databaseName}":' || coalesce(${spelling(column)}, 'null')`,
  );
  const key = `"${onlyKey.databaseName}"`;
  const line = `'{' || ${members.join(` || ',' || `)} || '}\n'`;
  return (isFurther: boolean, limit: number): string =>
    `select count(*) as rows, group_concat(line, '' order by key) as text, max(key) as last
     from (select key, line, sum(octet_length(line)) over (order by key) as bytes
       from (select ${key} as key, ${line} as line
         from ${table} where tenant_id = $1 ${isFurther ? `and ${key} > $2` : ''}
         order by ${key} limit ${limit}) as looked_at) as measured
     where bytes - octet_length(line) < ${PAGE_BYTES}`;
}

/** SQL for a column's value as JSON, or null. */
function spelling({ type, databaseName }: ColumnMetadata): string {
  const column = `"${databaseName}"`;
  switch (type) {
    case 'uuid':
    case 'varchar':
    case 'text':
    case 'integer':
    case 'bigint':
      return `json_quote(${column})`;
    case 'boolean':
      return `case when ${column} then 'true' when not ${column} then 'false' end`;
    case Date:
      return `strftime('"%Y-%m-%dT%H:%M:%fZ"', ${column})`;
    case 'simple-json':
      return marked(column);
    case 'double precision':
      // A cast has only 15 digits, and printf prints null as 0.
      return marked(`case when ${column} is not null then printf('%!.17g', ${column}) end`);
    default:
      throw new Error(`There is no spelling for the type of ${databaseName}.`);
  }
}

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
