import { type SessionView, type TestStack, type TenantView, eventually } from '@atlas/testing';
import { all, atMost, measured } from '../figures';
import { type Proof } from '../proof';

const IN_SYNC_WITHIN_SECONDS = 15;

/**
 * The tenant plane is restarted while the Control Plane is down. All core calls of its users still work.
 *
 * To see it fail: have `ControlPlaneLink.onApplicationBootstrap` wait for the link.
 */
export const proof: Proof = {
  goal:
    'Control Plane down, tenant plane restarted 3 times: every core call works; in sync within 15 s of ' +
    "the Control Plane's return",
  databases: ['sqlite', 'postgres'],
  smallOn: ['sqlite'],
  async run({ size, served, progress }) {
    const { stack, install, planeDatabase, planeEnv } = await served();
    const { tenant } = await stack.tenantWithAdmin('steady');
    await stack.controlPlane.end('SIGKILL');
    const restarts = size === 'full' ? 3 : 1;
    let [calls, failed] = [0, 0];
    for (let i = 1; i <= restarts; i++) {
      const [plane] = stack.tenantPlanes;
      if (plane) await stack.endTenantPlane(plane, i % 2 === 0 ? 'SIGTERM' : 'SIGKILL');
      await stack.startTenantPlane(install, planeDatabase, planeEnv);
      const statuses = await coreCalls(stack, tenant);
      calls += statuses.length;
      failed += statuses.filter((status) => status >= 400).length;
      progress(`restart ${i}: ${statuses.join(' ')}`);
    }
    const syncMs = await returnAndSync(stack);
    return [
      measured('restarts without the Control Plane', restarts),
      all('core calls that work', calls - failed, calls),
      atMost("time to sync after the Control Plane's return", syncMs / 1000, IN_SYNC_WITHIN_SECONDS, 's'),
    ];
  },
};

async function coreCalls(stack: TestStack, tenant: TenantView): Promise<number[]> {
  const login = { email: `admin@${tenant.slug}.example.com`, password: 'correct horse battery staple' };
  const signedIn = await stack.tenant<SessionView>(tenant.slug, '/api/auth/token', { body: login });
  const session = signedIn.body.token;
  const answers = [
    signedIn,
    await stack.tenant(tenant.slug, '/api/tenant-default'),
    await stack.tenant(tenant.slug, '/api/incidents', {
      session,
      body: { title: 'Works offline', severity: 'P3' },
    }),
    await stack.tenant(tenant.slug, '/api/incidents', { session }),
    await stack.tenant(tenant.slug, '/api/cmdb/items', { session, body: { name: 'web-1', type: 'server' } }),
    await stack.tenant(tenant.slug, '/api/onboarding', { session }),
  ];
  return answers.map((answer) => answer.status);
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
