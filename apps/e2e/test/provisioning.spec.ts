import { profileOf } from '@atlas/deployment-profiles';
import { databasesOfLongSuite, eventually } from '@atlas/testing';
import { type BothPlanes, startBothPlanes } from './both-planes.fixture';
import { OngoingCalls } from './ongoing-calls.fixture';
import { QUICK_ROTATION, SERVICE_SECRET, SecretRotation } from './secret-rotation.fixture';

jest.setTimeout(60_000);

describe.each(databasesOfLongSuite('sqlite'))('both planes as processes on %s', (driver) => {
  let planes: BothPlanes;
  /** Under way while all the rest happens. */
  let rotation: SecretRotation;
  let calls: OngoingCalls;
  beforeAll(async () => {
    planes = await startBothPlanes(driver, QUICK_ROTATION);
    calls = await OngoingCalls.begin(planes.stack);
    rotation = await SecretRotation.begin(planes);
  });
  afterAll(() => planes.stop());

  it('provision a tenant that a user signs in to, within two seconds', async () => {
    const { stack } = planes;
    const { tenant, session } = await stack.tenantWithAdmin('acme');
    expect(session.user).toMatchObject({ email: 'admin@acme.example.com', role: 'admin' });
    const incident = { title: 'Disk is full', severity: 'P2' };
    const created = await stack.tenant(tenant.id, '/api/incidents', {
      body: incident,
      session: session.token,
    });
    expect(created).toMatchObject({
      status: 201,
      body: { ...incident, number: 'INC-00000001', status: 'open' },
    });
    expect(Date.parse(tenant.active_at ?? '') - Date.parse(tenant.created_at)).toBeLessThan(2000);
  });

  it('show each step of a provisioning as it happens', async () => {
    const { stack } = planes;
    const { body } = await stack.provision('watched');
    const events = await fetch(`${stack.controlPlane.url}/api/provisioning-jobs/${body.job.id}/events`, {
      headers: { authorization: `Bearer ${stack.apiKey}` },
    });
    const text = await events.text();
    const names = [...text.matchAll(/^event: step\ndata: .*"name":"([^"]+)","status":"done"/gm)].map(
      (match) => match[1],
    );
    expect(names).toEqual(profileOf('shared').provisioning.steps);
    expect(text).toMatch(/event: done\ndata: .*"status":"succeeded"/);
  });

  it('suspend a tenant within two seconds, and resume it with its data and sessions', async () => {
    const { stack } = planes;
    const { tenant, session } = await stack.tenantWithAdmin('unpaid');
    const list = () => stack.tenant('unpaid', '/api/incidents', { session: session.token });
    const ask = async (operation: string, status: number): Promise<number> => {
      const startedAt = Date.now();
      await stack.api(`/api/tenants/${tenant.id}/${operation}`, { body: {} });
      await eventually(async () => (await list()).status === status, { what: `${operation} shows` });
      return Date.now() - startedAt;
    };
    expect(await ask('suspend', 403)).toBeLessThan(2000);
    expect((await list()).body).toMatchObject({ code: 'tenant_suspended' });
    await eventually(
      async () => (await stack.api(`/api/tenants/${tenant.id}/resume`, { body: {} })).status === 202,
    );
    await eventually(async () => (await list()).status === 200, { what: 'the session works again' });
  });

  it("keep one tenant's session out of another, and tell its tenant", async () => {
    const { stack } = planes;
    const [own, other] = [await stack.tenantWithAdmin('own'), await stack.tenantWithAdmin('other')];
    const session = own.session.token;
    const byHeader = await stack.tenant('other', '/api/incidents', { session });
    expect(byHeader).toMatchObject({ status: 404, body: { code: 'tenant_not_found' } });
    const audit = await stack.tenant<{ items: { action: string }[] }>('own', '/api/audit', { session });
    expect(audit.body.items.filter((event) => event.action === 'tenant.crossing_refused')).toHaveLength(1);
    const theirs = await stack.tenant<{ items: { action: string }[] }>('other', '/api/audit', {
      session: other.session.token,
    });
    expect(theirs.body.items.map((event) => event.action)).not.toContain('tenant.crossing_refused');
  });

  it("rotate the tenant plane's secret without a call that fails, of users or between them", async () => {
    await rotation.succeeded();
    expect(await calls.end()).toEqual({ count: expect.any(Number), failed: [] });
    expect(rotation.keys.after).toEqual([expect.not.stringContaining(rotation.keys.before)]);
    const outputs = [planes.stack.controlPlane, planes.tenantPlane()].map((plane) => plane.output());
    expect(outputs.join('\n')).not.toMatch(/bad_signature|No word from|sent again later/);
    for (const text of [...outputs, rotation.text]) expect(text).not.toMatch(SERVICE_SECRET);
  });

  it('end a graceful stop at once, although planes wait on long polls', async () => {
    const { stack } = planes;
    const startedAt = Date.now();
    expect(await stack.controlPlane.end('SIGTERM')).toBe(0);
    expect(await planes.tenantPlane().end('SIGTERM')).toBe(0);
    expect(Date.now() - startedAt).toBeLessThan(5000);
    await stack.startControlPlane();
    await planes.restartTenantPlane();
    await eventually(async () => (await stack.tenant('acme', '/api/tenant-default')).status === 200, {
      what: 'acme is served again',
    });
  });
});
