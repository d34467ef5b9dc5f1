import { type Party } from './party';
import { type ProbeRequest, type Spelling, atHome, requestOf } from './requests';
import { type Form, type Route, type RouteLine } from './route-line';

/**
 * How a plane that isolates its tenants responds. `refused`: it refuses, because the request names the other
 * tenant or one of its objects. `own`: it ignores the name, and the caller may get data of the caller's own
 * tenant. `name`: the caller has not signed in, and may learn the tenant's name.
 */
type Expected = 'refused' | 'own' | 'name';

/** A request by one tenant's user for something that belongs to another tenant. */
export interface Attempt {
  readonly route: Route;
  readonly line: RouteLine;
  readonly form: Form;
  /** How the request refers to the other tenant. */
  readonly how: string;
  readonly request: ProbeRequest;
  readonly expected: Expected;
  /** Whether the plane ignores the other tenant's name, so that the request changes the calling tenant. */
  readonly writesOwn: boolean;
}

/** The `Idempotency-Key` with which the other tenant has called repeatable routes. */
export const KEY_OF_OTHER = 'isolation-probe';

type Kind = Pick<Attempt, 'form' | 'how' | 'expected'>;
type Add = (kind: Kind, about: Party, spelling: Spelling) => void;

/**
 * All the ways in which `own` can try to reach `other` through a route. Omits attempts for which a tenant
 * lacks a required object.
 */
export function attemptsOn(route: Route, line: RouteLine, own: Party, other: Party): Attempt[] {
  const attempts: Attempt[] = [];
  const add: Add = (kind, about, spelling) => {
    const request = requestOf(route, line, { own, about }, spelling);
    const writesOwn = line.verb === 'write' && kind.expected === 'own';
    if (request && !(writesOwn && (line.endsSession || line.removes)))
      attempts.push({ route, line, ...kind, request, writesOwn });
  };
  byPath(add, line, own, other);
  byQuery(add, line, own, other);
  if (['POST', 'PUT', 'PATCH'].includes(route.method)) byBody(add, line, own, other);
  byHeader(add, line, own, other);
  if (other.host !== null) bySubdomain(add, line, own, other.host, other);
  return attempts;
}

const SPELLINGS: readonly (readonly [string, (id: string) => string])[] = [
  ['unchanged', (id) => id],
  ['in upper case', (id) => id.toUpperCase()],
  ['percent-encoded', (id) => `%${id.charCodeAt(0).toString(16)}${id.slice(1)}`],
];

function byPath(add: Add, { path = {} }: RouteLine, own: Party, other: Party): void {
  if (!Object.values(path).some((value) => typeof value === 'string')) return;
  for (const [how, spell] of SPELLINGS)
    add({ form: 'path', how: `its id, ${how}`, expected: 'refused' }, other, { ...atHome(own), spell });
}

function byQuery(add: Add, { verb, query = {} }: RouteLine, own: Party, other: Party): void {
  if (verb !== 'write') add({ form: 'query', how: 'no reference to it', expected: 'own' }, own, atHome(own));
  const named = Object.entries(query).flatMap(([name, subject]) => {
    const id = other.subjects[subject];
    return id === undefined ? [] : [[name, id] as const];
  });
  const tenants = [
    ['tenant_id', other.tenantId] as const,
    ['tenant', other.slug] as const,
    ['x-tenant-id', other.tenantId] as const,
  ];
  for (const [name, value] of [...tenants, ...named])
    add({ form: 'query', how: name, expected: 'own' }, own, { ...atHome(own), query: `${name}=${value}` });
}

function byBody(add: Add, line: RouteLine, own: Party, other: Party): void {
  const foreign = { tenant_id: other.tenantId, tenantId: other.tenantId, tenant: { id: other.tenantId } };
  const body = line.body?.(own);
  if (!line.body || body)
    for (const [name, value] of Object.entries(foreign))
      add({ form: 'body', how: name, expected: 'own' }, own, {
        ...atHome(own),
        body: { ...body, [name]: value },
      });
  for (const nested of line.nested?.(own, other) ?? [])
    if (nested)
      add(
        { form: 'nested', how: Object.keys(nested).join(', '), expected: line.isAlike ? 'own' : 'refused' },
        own,
        { ...atHome(own), body: nested },
      );
}

function byHeader(add: Add, line: RouteLine, own: Party, other: Party): void {
  const form = 'header';
  const alone = expectedOf(line);
  add({ form, how: 'x-tenant-id: its id', expected: alone }, other, { tenant: other.tenantId });
  add({ form, how: 'x-tenant-id: its slug', expected: alone }, other, { tenant: other.slug });
  const both = `${own.tenantId}, ${other.tenantId}`;
  const disagreeing = disagreementOf(line);
  add({ form, how: 'x-tenant-id: both ids', expected: disagreeing }, other, { tenant: both });
  if (own.host !== null)
    add({ form, how: "x-tenant-id at the caller's address", expected: disagreeing }, other, {
      host: own.host,
      tenant: other.tenantId,
    });
  const headers = { 'idempotency-key': KEY_OF_OTHER };
  if (line.isRepeatable)
    add({ form, how: 'its Idempotency-Key', expected: 'own' }, own, { ...atHome(own), headers });
}

function bySubdomain(add: Add, line: RouteLine, own: Party, host: string, other: Party): void {
  const form = 'subdomain';
  const alone = expectedOf(line);
  add({ form, how: 'its address', expected: alone }, other, { host });
  add({ form, how: 'its address and id', expected: alone }, other, { host, tenant: other.tenantId });
  add({ form, how: "its address, the caller's id", expected: disagreementOf(line) }, other, {
    host,
    tenant: own.tenantId,
  });
}

function expectedOf({ audience = 'users', verb, isAlike }: RouteLine): Expected {
  if (audience === 'plane' || isAlike) return 'own';
  return audience === 'anybody' && verb !== 'write' ? 'name' : 'refused';
}

/** A request that names two tenants must be refused. */
function disagreementOf({ audience }: RouteLine): Expected {
  return audience === 'plane' ? 'own' : 'refused';
}
