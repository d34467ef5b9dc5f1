import { copiedId } from './copied-rows';
import { type GrownPlane } from './grown-plane';

/** How many items the pages have. Few tenants have the rarer statuses, and both sides must return as many. */
const LIMIT = 2;

interface Schema {
  readonly $ref?: string;
  readonly type?: string;
  readonly pattern?: string;
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

export interface ListPage {
  readonly name: string;
  /** The path of the page on each side, in the order of the planes. */
  readonly paths: readonly string[];
}

interface List {
  readonly path: string;
  readonly cursor: Schema;
  readonly filters: readonly Parameter[];
}
type Filter = (plane: GrownPlane) => Promise<string>;

/**
 * The first page, and a page in the middle, of every list of the API: unfiltered, and with each value of each
 * filter. Pages that do not have the same number of items on all sides are left out.
 */
export async function comparablePages(planes: readonly GrownPlane[]): Promise<readonly ListPage[]> {
  const pages: ListPage[] = [];
  for (const list of await listsOf(planes[0] as GrownPlane))
    for (const [name, filter] of filtersOf(list))
      for (const where of ['first', 'middle'] as const) {
        const page = await pageOf(planes, list, filter, where);
        if (page) pages.push({ name: `${list.path}${name}, ${where} page`, paths: page });
      }
  return pages;
}

async function listsOf(plane: GrownPlane): Promise<readonly List[]> {
  const { paths, components } = (await plane.page('/openapi.json')) as unknown as OpenApi;
  const definedBy = (schema: Schema): Schema =>
    components.schemas[schema.$ref?.split('/').at(-1) ?? ''] ?? schema;
  const choicesIn = ({ enum: values = [], const: value, anyOf = [] }: Schema): readonly string[] => [
    ...(value === undefined ? values : [value]),
    ...anyOf.flatMap((one) => choicesIn(definedBy(one))),
  ];
  return Object.entries(paths).flatMap(([path, { get }]) => {
    const query = (get?.parameters ?? []).filter((one) => one.in === 'query');
    if (path.includes('{') || !query.some(({ name }) => name === 'limit')) return [];
    const filters = query
      .filter(({ name }) => !['limit', 'cursor', 'q'].includes(name))
      .map((one) => ({ ...one, schema: { ...one.schema, enum: choicesIn(definedBy(one.schema)) } }));
    return [{ path, cursor: query.find(({ name }) => name === 'cursor')?.schema ?? {}, filters }];
  });
}

function filtersOf({ path, filters }: List): readonly (readonly [name: string, filter: Filter])[] {
  const all = filters.flatMap(({ name, schema }) => {
    const values = schema.type === 'boolean' ? ['true', 'false'] : (schema.enum ?? []);
    if (values.length > 0)
      return values.map((value) => [`?${name}=${value}`, async () => `&${name}=${value}`] as const);
    return [[`?${name}`, (plane: GrownPlane) => anyValue(plane, path, name)] as const];
  });
  return [['', async () => ''], ...all];
}

/** A value that some item has, so that the filter matches it. */
async function anyValue(plane: GrownPlane, path: string, name: string): Promise<string> {
  const { items } = await plane.page(`${path}?limit=200`);
  const value = items.map((item) => item[name]).find((one) => typeof one === 'string');
  return typeof value === 'string' ? `&${name}=${encodeURIComponent(value)}` : '';
}

async function pageOf(
  planes: readonly GrownPlane[],
  { path, cursor }: List,
  filter: Filter,
  where: 'first' | 'middle',
): Promise<readonly string[] | null> {
  const paths: string[] = [];
  const counts = new Set<number>();
  for (const plane of planes) {
    const middle = cursor.type === 'integer' ? String(plane.tenants / 2) : copiedId(plane.tenants / 2);
    if (where === 'middle' && cursor.pattern !== undefined) return null;
    const after = where === 'middle' ? `&cursor=${middle}` : '';
    const asked = `${path}?limit=${LIMIT}${await filter(plane)}${after}`;
    paths.push(asked);
    counts.add((await plane.page(asked)).items.length);
  }
  return counts.size === 1 ? paths : null;
}
