import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Database } from '@atlas/persistence';
import { EVERY_DATABASE, type Statement } from '@atlas/testing';
import { TenantTallies } from '../../src/registry/tenant-tallies';
import { TestControlPlane } from '../control-plane.fixture';
import { TO_ANY_ADDRESS } from '../event-receiver.fixture';
import { fillTables } from '../full-tables.fixture';
import { bodyOf } from '../plane-simulator.fixture';
import { readsDuring, rowsVisited, sqlitePlan } from '../read-costs.fixture';

/** How many rows each list has. */
const ROWS = 2000;
const LIMIT = 10;
/** How many rows may be visited for a page. The rows of other tables that belong to it are included. */
const MOST_VISITED = 10 * (LIMIT + 1);
const NOT_A_ROW = '01900000-0000-7000-8000-000000000000';

/** Filters whose costs may grow, and why. */
const MAY_GROW = new Map([
  ['/api/tenant-planes?health', 'an index on the time of the last report would slow down every report'],
  ['/api/sign-ups?status', 'the status of the tenant is not in an index'],
]);
/** Filters for which SQLite may sort the rows that match: a search finds them in the order of their names. */
const MAY_SORT = ['/api/tenants?q'];

interface Schema {
  readonly $ref?: string;
  readonly type?: string;
  readonly format?: string;
  readonly enum?: readonly string[];
  readonly const?: string;
  readonly anyOf?: readonly Schema[];
}
interface Parameter {
  readonly in: string;
  readonly name: string;
  readonly schema: Schema;
}
interface OpenApi {
  readonly paths: Readonly<Record<string, { readonly get?: { readonly parameters?: readonly Parameter[] } }>>;
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> };
}
type Item = Readonly<Record<string, unknown>> & { readonly id: string };
interface PageOfItems {
  readonly items: readonly Item[];
  readonly next_cursor: string | null;
}

const FILE = join(__dirname, '../../../../docs/openapi/control-plane.json');
const { paths, components } = JSON.parse(readFileSync(FILE, 'utf8')) as OpenApi;

/** Every route that answers in pages. */
const LISTS = Object.entries(paths).flatMap(([path, { get }]) => {
  const names = (get?.parameters ?? []).filter((one) => one.in === 'query');
  return names.some(({ name }) => name === 'limit') ? [path] : [];
});
/** Every filter of every such route. */
const FILTERS = LISTS.flatMap((path) =>
  (paths[path]?.get?.parameters ?? [])
    .filter((one) => one.in === 'query' && !['limit', 'cursor'].includes(one.name))
    .map(({ name, schema }) => [`${path}?${name}`, path, name, definedBy(schema)] as const),
);

function definedBy(schema: Schema): Schema {
  return components.schemas[schema.$ref?.split('/').at(-1) ?? ''] ?? schema;
}

function choicesIn({ enum: values = [], const: value, anyOf = [] }: Schema): readonly string[] {
  const own = value === undefined ? values : [value];
  return [...own, ...anyOf.flatMap((one) => choicesIn(definedBy(one)))];
}

/** SQLite reads all jobs or all tenants. */
const WHOLE_TABLE = expect.stringMatching(/^SCAN (job|tenant)( USING INDEX sqlite_autoindex|$)/) as string;

/** To see it fail: drop any index or trigger that the migrations 0062 and 0063 create. */
describe.each(EVERY_DATABASE)('a page of a list on %s', (driver) => {
  let plane: TestControlPlane;
  beforeAll(async () => {
    plane = await TestControlPlane.boot(driver, TO_ANY_ADDRESS);
    await fillTables(plane, ROWS);
  }, 120_000);
  afterAll(() => plane.close());

  it.each(LISTS)('costs no more however many rows %s has', async (path) => {
    const url = await urlOf(path);
    const { next_cursor: cursor } = await pageAt(`${url}?limit=${LIMIT}`);
    expect(cursor === null ? [] : await faultsOf(url, '')).toEqual([]);
  });

  it.each(FILTERS)('costs no more however few rows match %s', async (filter, path, name, schema) => {
    if (MAY_GROW.has(filter)) return;
    const url = await urlOf(path);
    const faults: string[] = [];
    for (const value of await valuesOf(url, name, schema))
      faults.push(...(await faultsOf(url, `&${name}=${encodeURIComponent(value)}`, filter)));
    expect(faults).toEqual([]);
  });

  it('is not needed for the overview, which reads few rows but those of planes', async () => {
    await plane.app.get(TenantTallies).sweep();
    const reads = await readsDuring(plane, () => plane.get('/api/overview').expect(200));
    const others = reads.filter(({ sql }) => !sql.includes('FROM "tenant_planes"'));
    expect(others.length).toBeGreaterThan(4);
    for (const read of others)
      if (driver === 'postgres') expect([read.sql, await faultInPostgres(read)]).toEqual([read.sql, null]);
      else expect(await sqlitePlan(plane, read)).not.toContainEqual(WHOLE_TABLE);
  });

  it('names only filters that exist', () => {
    const known = FILTERS.map(([filter]) => filter);
    expect(known).toEqual(expect.arrayContaining([...MAY_GROW.keys(), ...MAY_SORT]));
  });

  const pageAt = async (url: string): Promise<PageOfItems> =>
    bodyOf<PageOfItems>(await plane.get(url).expect(200));

  /** The path, with the id of a row of the list above it. */
  const urlOf = async (path: string): Promise<string> => {
    const [above = '', below] = path.split('/{id}');
    if (below === undefined) return path;
    const { items } = await pageAt(above);
    return `${above}/${items[0]?.id}${below}`;
  };

  /** Values that are common or rare in the list, and one that is not in it. */
  const valuesOf = async (url: string, name: string, schema: Schema): Promise<readonly string[]> => {
    const choices = schema.type === 'boolean' ? ['true', 'false'] : choicesIn(schema);
    if (choices.length > 0) return choices;
    if (name === 'q') return ['many-1000', 'nobody'];
    const { items } = await pageAt(`${url}?limit=200`);
    const found = [...new Set(items.map((item) => item[name]).filter((value) => value != null))];
    expect(found).not.toEqual([]);
    return [found[0], found.at(-1), schema.format === 'uuid' ? NOT_A_ROW : 'none'].map(String);
  };

  /** What grows when the first page, and a page deep inside the list, are read. */
  const faultsOf = async (url: string, query: string, filter?: string): Promise<string[]> => {
    const { next_cursor: cursor } = await pageAt(`${url}?limit=200`);
    const faults: string[] = [];
    for (const after of cursor === null ? [''] : ['', `&cursor=${cursor}`]) {
      const asked = `${url}?limit=${LIMIT}${query}${after}`;
      let page: PageOfItems = { items: [], next_cursor: null };
      const reads = await readsDuring(plane, async () => void (page = await pageAt(asked)));
      expect(reads).not.toEqual([]);
      for (const read of reads) {
        const fault =
          driver === 'postgres' ? await faultInPostgres(read) : await faultInSqlite(read, page, filter);
        if (fault !== null) faults.push(`${asked} ${fault}: ${read.sql}`);
      }
    }
    return faults;
  };

  const faultInPostgres = async (read: Statement): Promise<string | null> => {
    const visited = await rowsVisited(plane, read);
    return visited > MOST_VISITED ? `visits ${visited} rows` : null;
  };

  const faultInSqlite = async (read: Statement, page: PageOfItems, filter = ''): Promise<string | null> => {
    const [, table, alias] = /from "(\w+)" "(\w+)".* order by .* limit /is.exec(read.sql) ?? [];
    if (table === undefined || alias === undefined || MAY_SORT.includes(filter)) return null;
    const plan = await sqlitePlan(plane, read);
    if (plan.some((line) => line.startsWith('USE TEMP B-TREE'))) return `sorts (${plan.join('; ')})`;
    const byKey = `S(CAN|EARCH) ${alias} USING INDEX sqlite_autoindex_\\w+( \\(id[<>]|$)`;
    const walk = new RegExp(`^(SCAN ${alias}$|${byKey})`);
    if (!plan.some((line) => walk.test(line))) return null;
    const walked = await rowsWalked(table, page);
    return walked > MOST_VISITED ? `walks over ${walked} rows (${plan.join('; ')})` : null;
  };

  /** How many rows lie between the first and the last row of the page. If it is not full: in the table. */
  const rowsWalked = async (table: string, { items, next_cursor: next }: PageOfItems): Promise<number> => {
    const ids = items.map(({ id }) => id).sort();
    const where = next === null ? '' : `where id between '${ids[0]}' and '${ids.at(-1)}'`;
    const sql = `select count(*) as walked from ${table} ${where}`;
    const [row] = await plane.app.get(Database).read((manager) => manager.query<{ walked: number }[]>(sql));
    return row?.walked ?? 0;
  };
});
