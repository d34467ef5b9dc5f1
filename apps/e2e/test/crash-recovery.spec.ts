import { join } from 'node:path';
import { FROM_MODULES, type Answer, type RequestOptions, databasesOfLongSuite } from '@atlas/testing';
import { type BothPlanes, startBothPlanes } from './both-planes.fixture';
import { QUICK_ROTATION, SecretRotation } from './secret-rotation.fixture';

jest.setTimeout(90_000);

/** The moments of a COMMIT at which `killed-commits.cjs` kills a plane. */
const MOMENTS = ['before', 'after'] as const;
const STEPS = [{ name: 'look', kind: 'manual', risk: 'low', config: {} }];

type View = { readonly name: string; readonly version?: number };

/** A thing that one request saves, under a name. */
interface Saved {
  readonly call: (options?: RequestOptions) => Promise<Answer<View & { readonly current?: View }>>;
  readonly save: (name: string, ifMatch: string) => RequestOptions;
  /** How many saves the audit trail contains. */
  readonly count: () => Promise<number>;
}

describe.each(databasesOfLongSuite('sqlite'))('on %s, work interrupted by kill -9', (driver) => {
  let planes: BothPlanes;
  beforeAll(async () => {
    planes = await startBothPlanes(driver, QUICK_ROTATION);
  });
  afterAll(() => planes.stop());

  /** Expects exactly one tenant and one job. */
  async function expectProvisionedOnce(slug: string): Promise<void> {
    const { stack } = planes;
    const tenant = await stack.awaitActive(slug, 45_000);
    const tenants = await stack.api<{ items: { name: string }[] }>('/api/tenants?limit=200');
    expect(tenants.body.items.filter((one) => one.name === `Tenant ${slug}`)).toHaveLength(1);
    const jobs = await stack.api<{ items: { status: string }[] }>(
      `/api/provisioning-jobs?tenant_id=${tenant.id}`,
    );
    expect(jobs.body.items.map((job) => job.status)).toEqual(['succeeded']);
    expect((await stack.tenant(slug, '/api/tenant-default')).status).toBe(200);
  }

  it('continues when the tenant plane is back', async () => {
    await planes.killTenantPlane();
    await planes.stack.provision('without-tenant-plane');
    await planes.restartTenantPlane();
    await expectProvisionedOnce('without-tenant-plane');
  });

  // On Postgres, a dead worker's lease takes 15 s to expire. The next test also waits for that, so this test
  // is skipped there.
  if (driver === 'sqlite') {
    it('continues when the Control Plane is back', async () => {
      const { stack } = planes;
      await stack.controlPlane.end('SIGKILL');
      const doomed = await stack.startControlPlane({
        ATLAS_FAULT_POINT: 'provision/write-desired-state/after-record:kill',
      });
      await stack.provision('without-control-plane').catch(() => undefined);
      await doomed.exited;
      await stack.startControlPlane();
      await expectProvisionedOnce('without-control-plane');
    });
  }

  it('continues when both planes are back, as does a rotation of their shared secret', async () => {
    const { stack } = planes;
    await stack.controlPlane.end('SIGKILL');
    const doomed = await stack.startControlPlane({
      ATLAS_FAULT_POINT: 'provision/write-desired-state/after-record:kill',
    });
    const rotation = await SecretRotation.begin(planes);
    await planes.tenantPlane().line(/next service secret is stored/);
    await Promise.all([
      planes.killTenantPlane(),
      stack.provision('without-both').catch(() => undefined),
      doomed.exited,
    ]);
    await stack.startControlPlane();
    await planes.restartTenantPlane();
    await expectProvisionedOnce('without-both');
    await rotation.succeeded();
    expect(rotation.keys.after).toEqual([expect.not.stringContaining(rotation.keys.before)]);
    expect(planes.tenantPlane().output()).not.toContain('bad_signature');
  });

  it('is done once if it is a save with If-Match, which is sent again', async () => {
    const { stack } = planes;
    const things = [await runbook(), await tenant()];
    const inEach = <T>(work: (thing: Saved, n: number) => Promise<T>) => Promise.all(things.map(work));
    const preload = `--require "${join(__dirname, 'killed-commits.cjs')}"`;
    const restart = async (moment?: string): Promise<void> => {
      const env = { ...FROM_MODULES, NODE_OPTIONS: preload, ...(moment && { KILLED_COMMIT: moment }) };
      await stack.controlPlane.end('SIGKILL');
      await Promise.all([stack.startControlPlane(env), planes.restartTenantPlane(env)]);
    };
    await restart(MOMENTS[0]);
    for (const [index, moment] of MOMENTS.entries()) {
      const before = await inEach(async ({ call, count }) => {
        const { headers, body } = await call();
        return { etag: headers.get('etag') ?? '', count: await count(), version: body.version };
      });
      const name = `KILLED_${moment}`;
      const send = ({ call, save }: Saved, n: number) => call(save(name, before[n]?.etag ?? ''));
      await inEach((thing, n) => expect(send(thing, n)).rejects.toThrow('fetch failed'));
      await Promise.all([stack.controlPlane.exited, planes.tenantPlane().exited]);
      await restart(MOMENTS[index + 1]);
      const [again, third] = [await inEach(send), await inEach(send)];
      expect(again.map(({ status }) => status)).toEqual(moment === 'before' ? [200, 200] : [412, 412]);
      for (const { status, body } of [...again, ...third])
        expect((status === 200 ? body : body.current)?.name).toBe(name);
      expect(third.map(({ status }) => status)).toEqual([412, 412]);
      expect(await inEach(({ count }) => count())).toEqual(before.map(({ count }) => count + 1));
      const version = (await inEach(({ call }) => call())).map(({ body }) => body.version);
      expect(version).toEqual(before.map((one) => one.version && one.version + 1));
    }
  });

  async function runbook(): Promise<Saved> {
    const { stack } = planes;
    const { tenant, session } = await stack.tenantWithAdmin('with-runbook');
    const ask = <T>(path: string, options: RequestOptions = {}) =>
      stack.tenant<T>(tenant.slug, path, { ...options, session: session.token });
    const body = { name: 'Restart', steps: STEPS };
    const path = `/api/runbooks/${(await ask<{ id: string }>('/api/runbooks', { body })).body.id}`;
    return {
      call: (options) => ask(path, options),
      save: (name, etag) => ({ method: 'PUT', body: { ...body, name }, headers: { 'if-match': etag } }),
      count: async () => countOf('runbook.changed', (await ask<Trail>('/api/audit?limit=100')).body),
    };
  }

  async function tenant(): Promise<Saved> {
    const { stack } = planes;
    await stack.provision('renamed');
    const path = `/api/tenants/${(await stack.awaitActive('renamed')).id}`;
    return {
      call: (options) => stack.api(path, options),
      save: (name, etag) => ({ method: 'PATCH', body: { name }, headers: { 'if-match': etag } }),
      count: async () => countOf('tenant.updated', (await stack.api<Trail>('/api/audit?limit=100')).body),
    };
  }
});

interface Trail {
  readonly items: readonly { readonly action: string }[];
}

const countOf = (action: string, { items }: Trail): number =>
  items.filter((one) => one.action === action).length;
