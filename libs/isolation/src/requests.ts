import { type Party } from './party';
import { KEY_PREFIXES, type Route, type RouteLine } from './route-line';

/** A request as sent to a tenant plane. */
export interface ProbeRequest {
  readonly method: string;
  /** Path and query. */
  readonly target: string;
  /** Null for the plane's own address, which does not name a tenant. */
  readonly host: string | null;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** How a request names a tenant, and what else it contains. */
export interface Spelling {
  readonly host?: string | null;
  readonly tenant?: string;
  readonly query?: string;
  /** Replaces the body that the party itself would send. */
  readonly body?: Readonly<Record<string, unknown>>;
  readonly headers?: Readonly<Record<string, string>>;
  /** The key, if the route requires one. By default, one that was never issued. */
  readonly key?: string;
  /** How the ids in the path are written. */
  readonly spell?: (id: string) => string;
}

/** How a party addresses its own tenant. */
export function atHome({ host, tenantId }: Party): Pick<Spelling, 'host' | 'tenant'> {
  return host === null ? { tenant: tenantId } : { host };
}

/**
 * The request with which `own` calls a route for objects of `about`. Undefined if either party lacks what the
 * route requires.
 */
export function requestOf(
  { method, path }: Route,
  line: RouteLine,
  { own, about }: { readonly own: Party; readonly about: Party },
  spelling: Spelling,
): ProbeRequest | undefined {
  const { host = null, tenant, query, body = line.body?.(own), headers, spell = (id) => id } = spelling;
  const key = line.keyOf && (spelling.key ?? neverIssued(line.keyOf, about));
  const pathname = pathOf(key === undefined ? path : path.replace(':key', key), line, about, spell);
  if (pathname === undefined || (line.body && body === undefined)) return undefined;
  return {
    method,
    host,
    target: query === undefined ? pathname : `${pathname}?${query}`,
    headers: {
      authorization: `Bearer ${key ?? own.session}`,
      ...(tenant !== undefined && { 'x-tenant-id': tenant }),
      ...(body !== undefined && { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  };
}

function pathOf(
  path: string,
  { path: parameters = {} }: RouteLine,
  about: Party,
  spell: (id: string) => string,
): string | undefined {
  let written = path;
  for (const [name, value] of Object.entries(parameters)) {
    const id = typeof value === 'string' ? about.subjects[value] : value.text;
    if (id === undefined) return undefined;
    written = written.replace(name === '*' ? '*' : `:${name}`, typeof value === 'string' ? spell(id) : id);
  }
  return written;
}

function neverIssued(kind: keyof typeof KEY_PREFIXES, { tenantId }: Party): string {
  return `${KEY_PREFIXES[kind]}_${tenantId}_${'A'.repeat(43)}`;
}
