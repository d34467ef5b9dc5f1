import { Client } from 'pg';
import {
  DedicatedStack,
  TestSmtpServer,
  type TenantView,
  databasesOfLongSuite,
  eventually,
} from '@atlas/testing';
import { inFullForm } from './full-form.fixture';

jest.setTimeout(120_000);

describe.each(databasesOfLongSuite('postgres'))('dedicated tenants on %s', (driver) => {
  let dedicated: DedicatedStack;
  let smtp: TestSmtpServer;
  beforeAll(async () => {
    smtp = await TestSmtpServer.start();
    dedicated = await DedicatedStack.start(driver, smtp.env);
  });
  afterAll(async () => {
    await dedicated.stop();
    await smtp.stop();
  });

  const endpointOf = ({ endpoint_url }: TenantView): string => endpoint_url ?? '';
  const isServed = (tenant: TenantView): Promise<boolean> =>
    fetch(`${endpointOf(tenant)}/health/ready`).then(
      ({ ok }) => ok,
      () => false,
    );

  describe('acme', () => {
    let tenant: TenantView;
    beforeAll(async () => {
      await dedicated.provision('acme');
      tenant = await dedicated.stack.awaitActive('acme');
    });

    it('has its own database and a tenant plane that users can sign in to', async () => {
      const { stack } = dedicated;
      expect(tenant).toMatchObject({ has_db_url: true, url: expect.stringContaining('acme.localhost') });
      const session = await stack.signUp(tenant, endpointOf(tenant));
      const incident = { title: 'Disk is full', severity: 'P2' };
      // The plane has only one tenant, so no header has to name the tenant.
      const created = await fetch(`${endpointOf(tenant)}/api/incidents`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', authorization: `Bearer ${session.token}` },
        body: JSON.stringify(incident),
      });
      expect(created.status).toBe(201);
      const { body } = await stack.api<{ db_url: string }>(`/api/tenants/${tenant.id}/db-url`);
      expect(body.db_url).toMatch(driver === 'postgres' ? /^postgres:\/\/atlas_acme_/ : /tenant-plane\.db$/);
      expect(await dedicated.namesOnServer('acme')).toHaveLength(driver === 'postgres' ? 2 : 0);
    });

    it('sends email through the same server as its Control Plane', async () => {
      await fetch(`${endpointOf(tenant)}/api/auth/forgot-password`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ email: 'admin@acme.example.com' }),
      });
      const isIts = ({ to, text }: { to: readonly string[]; text: string }): boolean =>
        to.includes('admin@acme.example.com') && text.includes('/reset-password');
      await eventually(() => smtp.mails.some(isIts), { what: 'the link has arrived' });
    });

    // The next test also covers this, so this test runs only at full size.
    inFullForm('is served again after its process has been killed', async () => {
      const { pid } = await dedicated.processOf('acme');
      process.kill(pid, 'SIGKILL');
      await dedicated.processOf('acme', pid);
      await eventually(() => isServed(tenant), { what: 'it serves again' });
    });

    it('is served while the Control Plane is down, and adopted by the restarted Control Plane', async () => {
      const { pid } = await dedicated.processOf('acme');
      await dedicated.stack.controlPlane.end('SIGKILL');
      expect(await isServed(tenant)).toBe(true);
      await dedicated.stack.startControlPlane();
      expect((await dedicated.processOf('acme')).pid).toBe(pid);
      // The adopted process is supervised, so it is restarted if it is killed.
      process.kill(pid, 'SIGKILL');
      await dedicated.processOf('acme', pid);
      await eventually(() => isServed(tenant), { what: 'it serves again' });
    });
  });

  // On SQLite, only the Control Plane uses the file, so its writes cannot be blocked from outside.
  if (driver === 'postgres')
    it('leave no process behind if the Control Plane dies before recording the process', async () => {
      const { stack } = dedicated;
      const { pid } = await dedicated.processOf('acme');
      const locker = new Client({ connectionString: dedicated.controlPlaneDatabase.ownerUrl });
      await locker.connect();
      try {
        process.kill(pid, 'SIGKILL');
        await stack.controlPlane.line(/restarting it in/);
        await eventually(async () => (await pidsRecorded(locker)).every((one) => one === null));
        await locker.query('begin; lock table local_planes in exclusive mode');
        await eventually(() => dedicated.everyProcessOf('acme').length > 0, {
          what: 'a process has started',
        });
        await stack.controlPlane.end('SIGKILL');
      } finally {
        await locker.end();
      }
      await eventually(() => dedicated.everyProcessOf('acme').length === 0, {
        what: 'the process has exited',
      });
      await stack.startControlPlane();
      const next = await dedicated.processOf('acme', pid);
      expect(dedicated.everyProcessOf('acme')).toEqual([next.pid]);
      await eventually(async () => isServed(await stack.awaitActive('acme')), { what: 'it serves again' });
    });

  it('leave nothing behind when their provisioning is rolled back', async () => {
    const { stack } = dedicated;
    await stack.controlPlane.end();
    const broken = { ATLAS_FAULT_POINT: 'provision/await-enrolment/before:throw' };
    await stack.startControlPlane(broken);
    const { id } = await dedicated.provision('halfway');
    await dedicated.processOf('halfway');
    const jobs = await stack.api<{ items: { id: string }[] }>(`/api/provisioning-jobs?tenant_id=${id}`);
    const job = `/api/provisioning-jobs/${jobs.body.items[0]?.id}`;
    await stack.api(`${job}/cancel`, { method: 'POST' });
    expect((await stack.api(`${job}/rollback`, { method: 'POST' })).status).toBe(202);
    const status = async (): Promise<unknown> => (await stack.api(job)).body['status'];
    await eventually(async () => (await status()) === 'cancelled', { what: 'the job is undone' });
    expect(dedicated.processes().filter(({ name }) => name.includes('halfway'))).toEqual([]);
    expect(await dedicated.namesOnServer('halfway')).toEqual([]);
    expect((await stack.api(`/api/tenants/${id}`)).body).toMatchObject({
      status: 'deleted',
      has_db_url: false,
      endpoint_url: null,
    });
    // The slug is available again.
    await stack.controlPlane.end();
    await stack.startControlPlane();
    await dedicated.provision('halfway');
    await stack.awaitActive('halfway');
  });
});

async function pidsRecorded(client: Client): Promise<(number | null)[]> {
  const { rows } = await client.query<{ pid: number | null }>('select pid from local_planes');
  return rows.map(({ pid }) => pid);
}
