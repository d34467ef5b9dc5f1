import { type Party } from './party';

/** What a route does with a tenant's rows. */
type Verb = 'read' | 'write' | 'list' | 'export';

/**
 * Who may call a route. `anybody`: the caller has not signed in yet, so the request names the tenant, and
 * reads reveal no more than its name. `plane`: the route concerns no tenant at all.
 */
type Audience = 'users' | 'anybody' | 'plane';

/** The ways to name another tenant, or something that belongs to it. */
export const FORMS = ['path', 'query', 'body', 'nested', 'header', 'subdomain'] as const;
export type Form = (typeof FORMS)[number];

type Body = Readonly<Record<string, unknown>>;

/**
 * What the probe must know about a route to request another tenant's data in every form that it accepts.
 */
export interface RouteLine {
  readonly verb: Verb;
  /** Defaults to `users`. */
  readonly audience?: Audience;
  /** For each path parameter: the kind of object that it names, or a fixed string. */
  readonly path?: Readonly<Record<string, string | { readonly text: string }>>;
  /**
   * The kind of object whose key the route requires, in its path as `:key` or as the bearer token. Keys are
   * shown only once, so the probe sends one that was never issued, but that names an existing tenant.
   */
  readonly keyOf?: keyof typeof KEY_PREFIXES;
  /** What else to say when the object with the key is created. */
  readonly keyHolder?: Body;
  /** For each query parameter that takes an id: the kind of object that the id refers to. */
  readonly query?: Readonly<Record<string, string>>;
  /** The body that a party sends for itself. Undefined if the party lacks what the route requires. */
  readonly body?: (party: Party) => Body | undefined;
  /** Bodies that each contain a value from the other tenant. */
  readonly nested?: (own: Party, other: Party) => readonly (Body | undefined)[];
  /** Whether every caller gets the same response, which therefore reveals nothing. */
  readonly isAlike?: boolean;
  /** Whether the other tenant's response can be requested again with its `Idempotency-Key`. */
  readonly isRepeatable?: boolean;
  /** The expected status codes of the tenant's own requests, if they are not 2xx. */
  readonly answers?: readonly number[];
  /** Whether the call signs its caller out. Such a call is made last, and only once. */
  readonly endsSession?: boolean;
  /** Whether the call removes the object that it names. Such a call follows those that need the object. */
  readonly removes?: boolean;
  /** The irreversible damage that another tenant's request would do if the plane accepted it. */
  readonly harm?: string;
}

/** The prefixes of keys, by the kind of object that a key belongs to. */
export const KEY_PREFIXES = { dataSource: 'ads', agent: 'aga' } as const;

export interface Route {
  readonly method: string;
  /** In Fastify's notation: `/api/incidents/:id`. */
  readonly path: string;
}

export function nameOf({ method, path }: Route): string {
  return `${method} ${path}`;
}

/** One line per route, keyed by `<method> <path>`. */
export type Lines<L> = Readonly<Record<string, L>>;

/** `HEAD` shares the line of its `GET`. */
export function lineOf<L>(table: Lines<L>, { method, path }: Route): L | undefined {
  return table[nameOf({ method: method === 'HEAD' ? 'GET' : method, path })];
}

/** Reports routes without a line, which the probe does not cover, and lines without a route. */
export function tableFaults(table: Lines<unknown>, routes: readonly Route[]): string[] {
  const names = new Set(routes.map(nameOf));
  const unlisted = routes
    .filter((route) => !lineOf(table, route))
    .map((route) => `${nameOf(route)} has no line`);
  const stale = Object.keys(table).filter((name) => !names.has(name));
  return [...unlisted, ...stale.map((name) => `${name} no longer exists`)];
}
