import { type Party, type Subject } from './party';

/** What a route does with a tenant's rows. */
type Verb = 'read' | 'write' | 'list' | 'export';

/**
 * Who may call a route. `anybody`: nobody has signed in yet, so that the tenant is who the request names, and reads tell
 * no more than its name. `plane`: it is about no tenant at all.
 */
type Audience = 'users' | 'anybody' | 'plane';

/** The ways to name another tenant, or what is another tenant's. */
export const FORMS = ['path', 'query', 'body', 'nested', 'header', 'subdomain'] as const;
export type Form = (typeof FORMS)[number];

type Body = Readonly<Record<string, unknown>>;

/** What the probe has to know of a route, to ask for somebody else's things in every form that it takes. */
export interface RouteLine {
  readonly verb: Verb;
  /** `users` when left out. */
  readonly audience?: Audience;
  /** For each parameter of its path: whose thing it names, or what else may stand there. */
  readonly path?: Readonly<Record<string, Subject | { readonly text: string }>>;
  /** A parameter of its query that takes the id of such a thing. */
  readonly query?: Readonly<Record<string, Subject>>;
  /** What a party itself sends there; undefined where it lacks what it takes. */
  readonly body?: (party: Party) => Body | undefined;
  /** Of a body: each with something in it that is the other's. */
  readonly nested?: (own: Party, other: Party) => readonly (Body | undefined)[];
  /** Whether everybody is answered alike there, so that nobody is told anything: then that is no crossing. */
  readonly isAlike?: boolean;
  /** Whether the other's answer can be asked for again with its `Idempotency-Key`. */
  readonly isRepeatable?: boolean;
  /** What the tenant itself is answered, where that is no 2xx: it shows that a refusal is about the tenant. */
  readonly answers?: readonly number[];
  /** Whoever calls it is signed out: that is done once only, behind all else. */
  readonly endsSession?: boolean;
  /** What would be done to a tenant if the plane let another one do it, where that can't be taken back. */
  readonly harm?: string;
}

export interface Route {
  readonly method: string;
  /** As Fastify has it: `/api/incidents/:id`. */
  readonly path: string;
}

export function nameOf({ method, path }: Route): string {
  return `${method} ${path}`;
}

/** A line for each route, by `<method> <path>`. */
export type Lines<L> = Readonly<Record<string, L>>;

/** `HEAD` is the `GET` beside it. */
export function lineOf<L>(table: Lines<L>, { method, path }: Route): L | undefined {
  return table[nameOf({ method: method === 'HEAD' ? 'GET' : method, path })];
}

/** Routes that have no line, and lines whose route is gone: the probe says nothing of either. */
export function tableFaults(table: Lines<unknown>, routes: readonly Route[]): string[] {
  const names = new Set(routes.map(nameOf));
  const unlisted = routes
    .filter((route) => !lineOf(table, route))
    .map((route) => `${nameOf(route)} has no line`);
  const stale = Object.keys(table).filter((name) => !names.has(name));
  return [...unlisted, ...stale.map((name) => `${name} is no route any more`)];
}
