import { type DesiredTenant } from '@atlas/plane-contract';
import { eventually } from '@atlas/testing';
import { Incident } from '../../src/incidents/incident.entity';
import { lockTenant } from '../../src/tenancy/tenant-standing';
import { type SignedInUser, TestTenantPlane } from '../tenant-plane.fixture';

type Caller = SignedInUser & { readonly tenant: string };

const INCIDENT = { title: 'The disk is full', severity: 'P3' };
const CONNECTIONS = 8;
/** How many requests of one tenant run at once and wait. */
const ROOM = 6 + 200;

/**
 * To see it fail: in `Admission`, leave out `whenAnswering` or `atOnceEach`; or in `whenAnswering`, the check
 * of `closed`.
 */
describe('a plane with more requests than it can answer', () => {
  let plane: TestTenantPlane;
  let tenant: DesiredTenant;
  let noisy: Caller;
  let quiet: Caller;
  beforeAll(async () => {
    const env = { TENANT_PLANE_DATABASE_POOL_SIZE: String(CONNECTIONS) };
    plane = await TestTenantPlane.boot('postgres', { env });
    tenant = await plane.tenant('noisy');
    noisy = { ...(await plane.user(tenant, 'admin')), tenant: 'noisy' };
    quiet = { ...(await plane.user(await plane.tenant('quiet'), 'admin')), tenant: 'quiet' };
  });
  afterAll(() => plane.close());

  const report = (by: Caller, signal?: AbortSignal): Promise<Response> =>
    fetch(`${plane.url}/api/incidents`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${by.session}`,
        'content-type': 'application/json',
        'x-tenant-id': by.tenant,
      },
      body: JSON.stringify(INCIDENT),
      signal,
    });
  const waiting = async (): Promise<number> => {
    const { text } = await plane.get('/metrics').expect(200);
    return Number(/^http_requests_waiting (\d+)$/m.exec(text)?.[1]);
  };
  /** Runs `work` while none of the noisy tenant's writes can go on. */
  const whileStuck = (work: () => Promise<void>): Promise<void> =>
    plane.tenants.write(tenant.tenant_id, async ({ manager }) => {
      await lockTenant(manager, tenant.tenant_id);
      await work();
    });

  it('refuses the rest at once, serves other tenants, and loses nothing that it admitted', async () => {
    let admitted: Promise<Response>[] = [];
    await whileStuck(async () => {
      admitted = Array.from({ length: ROOM }, () => report(noisy));
      await eventually(async () => (await waiting()) === 200);
      const refused = await report(noisy);
      expect(refused.status).toBe(503);
      expect(refused.headers.get('retry-after')).toBe('2');
      expect(await refused.json()).toMatchObject({ code: 'overloaded' });
      expect((await report(quiet)).status).toBe(201);
      await plane.get('/health/live').expect(200);
    });
    for (const answer of await Promise.all(admitted)) expect(answer.status).toBe(201);
    expect(await waiting()).toBe(0);
    expect(await plane.rows(tenant, Incident)).toHaveLength(ROOM);
  });

  it('gives the places of callers who have gone to others', async () => {
    const gone = new AbortController();
    await whileStuck(async () => {
      const abandoned = Array.from({ length: ROOM }, () => report(noisy, gone.signal));
      await eventually(async () => (await waiting()) === 200);
      gone.abort();
      await Promise.allSettled(abandoned);
      await eventually(async () => (await waiting()) === 0);
      expect((await report(quiet)).status).toBe(201);
    });
    const answers = await Promise.all(Array.from({ length: ROOM }, () => report(noisy)));
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(ROOM);
  });
});
