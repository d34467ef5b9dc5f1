import { randomBytes } from 'node:crypto';
import { type ProbeRequest, type Reply, type Route, Sender, lineOf, nameOf } from '@atlas/isolation';
import { ADMIN_PASSWORD, type InstallView, type TestStack } from '@atlas/testing';
import { inBatches } from '../in-batches';
import { type ProofContext, countBy } from '../proof';
import { changesOf, rowsTelling } from '../rows-telling';
import { type Served } from '../stage';
import { CONTROL_PLANE_ROUTES, type ControlPlaneLine, type Needs } from './control-plane-routes';
import { type MatrixCounts } from './tenant-plane-matrix';
import { type TenantWithCanary, tenantWithCanary } from './tenants';

/** At the reduced size, only every second call is made. All routes and all callers are still covered. */
const SMALL_PART = 2;

/**
 * A caller without permission for a route. `who` describes the caller, or the means by which it is
 * identified.
 */
interface Caller {
  readonly who: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly host?: string;
  /** The expected statuses. Undefined for a public route, which responds but must reveal nothing. */
  readonly refusals?: readonly number[];
}

/**
 * Checks that a call without permission is refused and reveals nothing about any tenant, and that a call with
 * exactly the required scope is not refused.
 */
export async function controlPlaneMatrix(
  served: Served,
  routes: readonly Route[],
  { size, progress }: ProofContext,
): Promise<MatrixCounts> {
  const { stack } = served;
  const victim = await tenantWithCanary(stack, 'told-of');
  const { tenantId, slug } = victim.party;
  const jobs = await stack.api<{ items: { id: string }[] }>(`/api/provisioning-jobs?tenant_id=${tenantId}`);
  const ids = { tenant: tenantId, slug, job: jobs.body.items[0]?.id ?? '' };
  const marks = [...Object.values(ids), victim.name, victim.canary];
  const keys = await Keys.of(stack, routes);
  const sender = new Sender(stack.controlPlane.url);
  const all = routes.flatMap((route) =>
    callersOf(route, { keys, victim, served }).map((caller) => ({ route, caller })),
  );
  const calls = size === 'full' ? all : all.filter((_, at) => at % SMALL_PART === 0);
  const rows = await rowsTelling(stack.controlPlaneDatabase, [tenantId, slug]);
  const outcomes = await inBatches(calls, { progress }, async ({ route, caller }) => {
    const target = targetOf(route, ids);
    const body = takesBody(route) ? JSON.stringify({ email: victim.party.slug, token: tenantId }) : undefined;
    const reply = await sender.send(requestFor(route, target, caller, body));
    const outcome = outcomeOf(
      caller,
      reply,
      marks.filter((mark) => !`${target}${body}`.includes(mark)),
    );
    if (outcome === 'leak' || outcome === 'fault')
      progress(`${nameOf(route)} by ${caller.who}: ${reply.status} ${reply.text.slice(0, 200)}`);
    return outcome;
  });
  const changed = changesOf(rows, await rowsTelling(stack.controlPlaneDatabase, [tenantId, slug]));
  const own = await withTheRightKey(sender, routes, keys, progress);
  sender.close();
  const bad = outcomes.filter((outcome) => outcome === 'leak' || outcome === 'fault').length;
  const counts = { attempts: calls.length, outcomes: countBy(outcomes, String), bad };
  return { ...counts, changed, rows: rows.length, controls: own.count, failedControls: own.failed };
}

function requestFor(
  { method }: Route,
  target: string,
  { headers, host = null }: Pick<Caller, 'headers'> & { readonly host?: string | null },
  body: string | undefined,
): ProbeRequest {
  const request = { method, target, host };
  return body === undefined
    ? { ...request, headers }
    : { ...request, headers: { ...headers, 'content-type': 'application/json' }, body };
}

function callersOf(
  route: Route,
  { keys, victim, served }: { keys: Keys; victim: TenantWithCanary; served: Served },
): Caller[] {
  const needs = needsOf(route);
  const refusals = needs === 'nothing' ? undefined : [401];
  const strangers: Caller[] = [
    { who: 'an anonymous caller', headers: {}, refusals },
    { who: 'a user of the tenant', headers: bearer(victim.party.session), refusals },
    { who: "the cell's service secret", headers: bearer(secretOf(served.install)), refusals },
    { who: "the tenant's id in x-tenant-id", headers: { 'x-tenant-id': victim.party.tenantId }, refusals },
    { who: "the tenant's address", headers: {}, host: victim.party.host, refusals },
  ];
  if (needs === 'signature')
    return [
      ...strangers,
      { who: 'an operator with every scope', headers: bearer(keys.every), refusals: [401] },
    ];
  if (needs === 'in-person')
    return [...strangers, { who: 'a key with every scope', headers: bearer(keys.every), refusals: [403] }];
  if (typeof needs === 'string') return strangers;
  const without = {
    who: `a key without ${needs.scope}`,
    headers: bearer(keys.without(needs.scope)),
    refusals: [403],
  };
  const isWrite = !needs.scope.endsWith(':read') || needs.scope === 'secrets:read';
  const support = { who: 'a support operator', headers: bearer(keys.support), refusals: [403] };
  return [...strangers, without, ...(isWrite ? [support] : [])];
}

function outcomeOf({ refusals }: Caller, { status, text }: Reply, marks: readonly string[]): string {
  if (marks.some((mark) => text.includes(mark))) return 'leak';
  if (status >= 500) return 'fault';
  if (!refusals) return status < 300 ? 'own' : 'refused';
  return refusals.includes(status) ? 'refused' : 'leak';
}

/**
 * Calls each route with a key that has only the required scope. The calls name objects that do not exist, so
 * they change nothing.
 */
async function withTheRightKey(
  sender: Sender,
  routes: readonly Route[],
  keys: Keys,
  progress: (text: string) => void,
): Promise<{ count: number; failed: number }> {
  let [count, failed] = [0, 0];
  const nothing = { tenant: UNKNOWN, slug: 'nobody', job: UNKNOWN };
  for (const route of routes) {
    const needs = needsOf(route);
    if (typeof needs === 'string') continue;
    const caller = { headers: bearer(keys.only(needs.scope)) };
    const body = takesBody(route) ? '{}' : undefined;
    const { status, text } = await sender.send(requestFor(route, targetOf(route, nothing), caller, body));
    count += 1;
    if (status < 500 && status !== 401 && status !== 403) continue;
    failed += 1;
    progress(`${nameOf(route)} with ${needs.scope}: ${status} ${text.slice(0, 200)}`);
  }
  return { count, failed };
}

/**
 * A key with every scope, two keys for each scope (one with all other scopes, one with only this scope), and
 * a support operator's session.
 */
class Keys {
  private constructor(
    readonly every: string,
    readonly support: string,
    private readonly keys: ReadonlyMap<string, { readonly without: string; readonly only: string }>,
  ) {}

  static async of(stack: TestStack, routes: readonly Route[]): Promise<Keys> {
    const needed = routes.map(needsOf).flatMap((needs) => (typeof needs === 'string' ? [] : [needs.scope]));
    const scopes = [...new Set(needed)];
    const key = (chosen: readonly string[]) => keyOf(stack, chosen);
    const pairs = scopes.map(async (scope) => {
      const without = await key(scopes.filter((one) => one !== scope));
      return [scope, { without, only: await key([scope]) }] as const;
    });
    return new Keys(await key(scopes), await supportSession(stack), new Map(await Promise.all(pairs)));
  }

  without(scope: string): string {
    return this.keys.get(scope)?.without ?? '';
  }

  only(scope: string): string {
    return this.keys.get(scope)?.only ?? '';
  }
}

async function keyOf(stack: TestStack, scopes: readonly string[]): Promise<string> {
  const { status, body } = await stack.api<{ key: string }>('/api/api-keys', {
    body: { name: 'matrix', scopes },
  });
  if (status !== 201) throw new Error(JSON.stringify(body));
  return body.key;
}

async function supportSession(stack: TestStack): Promise<string> {
  const email = `support-${randomBytes(4).toString('hex')}@example.com`;
  await stack.api('/api/operators', { body: { email, role: 'support', password: ADMIN_PASSWORD } });
  const login = { body: { email, password: ADMIN_PASSWORD } };
  const { body } = await stack.api<{ token: string }>('/api/auth/login', login);
  return body.token;
}

const UNKNOWN = '01890000-0000-7000-8000-000000000001';

function targetOf({ path }: Route, ids: { tenant: string; slug: string; job: string }): string {
  const first = path.startsWith('/api/provisioning-jobs')
    ? ids.job
    : path.startsWith('/api/tenants')
      ? ids.tenant
      : UNKNOWN;
  return path
    .replace(/:id_or_slug|:slug/, ids.slug)
    .replace(':id', first)
    .replace(/:\w+/, UNKNOWN)
    .replace('*', 'swagger-ui.css');
}

function takesBody({ method }: Route): boolean {
  return ['POST', 'PUT', 'PATCH'].includes(method);
}

/**
 * A route that is missing from the table counts as public here. The proof fails anyway, because `tableFaults`
 * reports the route.
 */
function needsOf(route: Route): Needs {
  return (lineOf<ControlPlaneLine>(CONTROL_PLANE_ROUTES, route) ?? { needs: 'nothing' }).needs;
}

function bearer(token: string): Readonly<Record<string, string>> {
  return { authorization: `Bearer ${token}` };
}

function secretOf({ env }: InstallView): string {
  return env['INTERNAL_SERVICE_SECRET'] ?? '';
}
