import { type SessionView, type TenantView, type TestStack, builtFile, eventually } from '@atlas/testing';
import { all, atMost, exactly, measured, tallyOf } from '../figures';
import { type Proof, countBy } from '../proof';

const IN_SYNC_WITHIN_SECONDS = 15;
const HOUR_SECONDS = 3600;
/** How far the plane's clock is ahead after each restart. */
const RESTARTS = { full: [0, 72 * HOUR_SECONDS, 30 * 24 * HOUR_SECONDS], small: [30 * 24 * HOUR_SECONDS] };
const ROUNDS = { full: 100, small: 1 };
const SLO = { name: 'Checkout', objective: 0.99, window_days: 30, indicator: { kind: 'events' } };

interface CoreCall {
  readonly what: string;
  readonly status: number;
  readonly ms: number;
}

/**
 * The tenant plane is restarted while the Control Plane is down, and its clock is set ahead by 72 hours and
 * by 30 days. All core calls of its users still work, and what needs a lease does what the outage contract
 * says.
 *
 * To see it fail: have `ControlPlaneLink.onApplicationBootstrap` wait for the link, or have `readOnlyReason`
 * return null.
 */
export const proof: Proof = {
  goal:
    'Control Plane down, tenant plane restarted 3 times, its clock +72 h and +30 d: every core call works, ' +
    "within 1.5 times the normal p99; in sync within 15 s of the Control Plane's return",
  databases: ['sqlite', 'postgres'],
  smallOn: ['sqlite'],
  async run({ size, served, progress }) {
    const { stack, install, planeDatabase, planeEnv } = await served({});
    const { tenant } = await stack.tenantWithAdmin('steady');
    const before = await coreCalls(stack, tenant, ROUNDS[size]);
    await stack.controlPlane.end('SIGKILL');
    const during: CoreCall[] = [];
    const changes: number[] = [];
    for (const [index, aheadSeconds] of RESTARTS[size].entries()) {
      const [plane] = stack.tenantPlanes;
      if (plane) await stack.endTenantPlane(plane, index % 2 === 0 ? 'SIGKILL' : 'SIGTERM');
      await stack.startTenantPlane(install, planeDatabase, { ...planeEnv, ...aheadBy(aheadSeconds) });
      during.push(...(await coreCalls(stack, tenant, ROUNDS[size])));
      changes.push(await changeOfSlo(stack, tenant));
      progress(`restart ${index + 1}, clock +${aheadSeconds / HOUR_SECONDS} h: ${statusesOf(during)}`);
    }
    const failed = during.filter(({ status }) => status >= 400);
    const syncMs = await returnAndSync(stack);
    return [
      all(
        'core calls that work',
        during.length - failed.length,
        during.length,
        failed.map(({ what }) => what),
      ),
      exactly('changes of an SLO', changes.join(' '), size === 'full' ? '201 201 402' : '402'),
      atMost("time to sync after the Control Plane's return", syncMs / 1000, IN_SYNC_WITHIN_SECONDS, 's'),
      // A few calls say nothing about the slowest ones.
      size === 'full'
        ? atMost('p99 of core calls, relative to before the outage', p99Of(during) / p99Of(before), 1.5)
        : measured('core calls before the outage', before.length),
    ];
  },
};

function aheadBy(seconds: number): Readonly<Record<string, string>> {
  if (seconds === 0) return {};
  return {
    NODE_OPTIONS: `--require "${builtFile('qa', 'preloads/shifted-clock.js')}"`,
    ATLAS_TEST_CLOCK_AHEAD: String(seconds),
  };
}

function statusesOf(calls: readonly CoreCall[]): string {
  return tallyOf(countBy(calls, ({ status }) => status));
}

function p99Of(calls: readonly CoreCall[]): number {
  const sorted = calls.map(({ ms }) => ms).sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length * 0.99)] ?? 0;
}

async function signedIn(
  stack: TestStack,
  { slug }: TenantView,
): Promise<{ status: number; session: string }> {
  const login = { email: `admin@${slug}.example.com`, password: 'correct horse battery staple' };
  const { status, body } = await stack.tenant<SessionView>(slug, '/api/auth/token', { body: login });
  return { status, session: body.token };
}

async function changeOfSlo(stack: TestStack, tenant: TenantView): Promise<number> {
  const { session } = await signedIn(stack, tenant);
  return (await stack.tenant(tenant.slug, '/api/slos', { session, body: SLO })).status;
}

async function coreCalls(stack: TestStack, tenant: TenantView, rounds: number): Promise<CoreCall[]> {
  const calls: CoreCall[] = [];
  const timed = async (what: string, call: () => Promise<{ readonly status: number }>): Promise<void> => {
    const startedAt = performance.now();
    const { status } = await call();
    calls.push({ what, status, ms: performance.now() - startedAt });
  };
  const { session, status } = await signedIn(stack, tenant);
  calls.push({ what: 'sign in', status, ms: 0 });
  const call = (path: string, body?: object) => stack.tenant(tenant.slug, path, { session, body });
  for (let round = 0; round < rounds; round += 1) {
    await timed('look up', () => stack.tenant(tenant.slug, '/api/tenant-default'));
    await timed('report', () => call('/api/incidents', { title: 'Works offline', severity: 'P3' }));
    await timed('list', () => call('/api/incidents'));
    await timed('add', () => call('/api/cmdb/items', { name: 'web-1', type: 'server' }));
    await timed('onboarding', () => call('/api/onboarding'));
  }
  return calls;
}

/**
 * Restarts the Control Plane, requests a tenant, and returns how long it takes until the tenant is served.
 */
async function returnAndSync(stack: TestStack): Promise<number> {
  await stack.startControlPlane();
  const returnedAt = Date.now();
  await stack.provision('late');
  await stack.awaitActive('late');
  const isServed = async (): Promise<boolean> =>
    (await stack.tenant('late', '/api/tenant-default')).status === 200;
  await eventually(isServed, { what: 'the new tenant is served' });
  return Date.now() - returnedAt;
}
