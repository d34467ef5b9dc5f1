import {
  DedicatedStack,
  type SessionView,
  type TenantView,
  type TestDatabase,
  createTestDatabase,
  databasesOfLongSuite,
  eventually,
  request,
} from '@atlas/testing';
import { HAS_MONITORING, Monitoring } from './monitoring.fixture';

jest.setTimeout(180_000);

interface Alert {
  readonly status: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly incident_id: string | null;
}

interface Incident {
  readonly id: string;
  readonly title: string;
  readonly status: string;
  readonly severity: string;
  readonly ci_ids: readonly string[];
  readonly alert_count: number;
}

const describeWithMonitoring = HAS_MONITORING ? describe : describe.skip;

/**
 * To see it fail: answer 202 while a tenant is frozen, or remove the key from `TenantRouter.nameIn`.
 */
describeWithMonitoring.each(databasesOfLongSuite('postgres'))(
  'a real Prometheus and Alertmanager on %s (skipped unless both are on the PATH)',
  (driver) => {
    let dedicated: DedicatedStack;
    let cellDatabase: TestDatabase;
    let monitoring: Monitoring;
    let tenant: TenantView;
    let session: SessionView;

    beforeAll(async () => {
      dedicated = await DedicatedStack.start(driver);
      const { stack } = dedicated;
      cellDatabase = await createTestDatabase(driver);
      const cell = await stack.registerCell();
      await stack.startTenantPlane(cell.install, cellDatabase);
      await stack.awaitEnrolled(cell.id);
      ({ tenant, session } = await stack.tenantWithAdmin('watched'));
      const body = { name: 'Alertmanager', kind: 'alertmanager', group_by: ['alertname', 'ci'] };
      const source = await ask<{ ingest_url: string }>('/api/data-sources', body);
      // Alertmanager cannot resolve the tenant's own name.
      const watched = `${await address()}${new URL(source.ingest_url).pathname}`;
      monitoring = await Monitoring.start({ watched });
    });
    afterAll(async () => {
      await monitoring.stop();
      await dedicated.stop();
      await cellDatabase.drop();
    });

    const current = async (): Promise<TenantView> =>
      (await dedicated.stack.api<TenantView>('/api/tenants/watched')).body;
    const address = async (): Promise<string> => (await current()).endpoint_url ?? '';
    async function ask<T>(path: string, body?: object): Promise<T> {
      const headers = { 'x-tenant-id': tenant.id, authorization: `Bearer ${session.token}` };
      const answer = await request<T>(`${await address()}${path}`, { headers, ...(body && { body }) });
      if (answer.status >= 300) throw new Error(`${path} returned ${answer.status}`);
      return answer.body;
    }
    const incidents = async (): Promise<Incident[]> =>
      (await ask<{ items: Incident[] }>('/api/incidents?limit=100')).items;
    const firing = async (): Promise<Alert[]> =>
      (await ask<{ items: Alert[] }>('/api/alerts?status=firing&limit=100')).items;

    it('open an incident on the right configuration item, and resolve it', async () => {
      const { id: web } = await ask<{ id: string }>('/api/cmdb/items', {
        name: 'Web server',
        type: 'server',
        key: 'web-1',
      });
      monitoring.fire('web-1', 'watched');
      const opened = await eventually(async () => (await incidents())[0], {
        timeoutMs: 60_000,
        what: 'the alert has opened an incident',
      });
      expect(opened).toMatchObject({
        title: 'DiskFull: The disk of web-1 is full',
        severity: 'P1',
        status: 'triggered',
        ci_ids: [web],
        alert_count: 1,
      });
      monitoring.resolve();
      await eventually(async () => (await incidents())[0]?.status === 'resolved', {
        timeoutMs: 60_000,
        what: 'the incident is resolved',
      });
    });

    it.each(['dedicated', 'shared'])(
      'lose no alert while the tenant moves to %s, although each alert is sent only once',
      async (model) => {
        const hosts: string[] = [];
        const next = (): void => {
          const host = `${model}-${hosts.length + 1}`;
          hosts.push(host);
          monitoring.fire(host, 'watched');
        };
        next();
        const path = `/api/tenants/${tenant.id}/move`;
        const { body: accepted } = await dedicated.stack.api<{ job: { id: string } }>(path, {
          body: { deployment_model: model },
        });
        const job = `/api/provisioning-jobs/${accepted.job.id}`;
        const hasMoved = async (): Promise<boolean> => {
          if (hosts.length < 90) next();
          const { body } = await dedicated.stack.api<{ status: string }>(job);
          return body.status === 'succeeded';
        };
        await eventually(hasMoved, { timeoutMs: 90_000, everyMs: 100, what: 'the tenant has moved' });
        next();
        const known = async (): Promise<boolean> => (await firing()).length === hosts.length;
        await eventually(known, { timeoutMs: 60_000, what: `all ${hosts.length} alerts have arrived` });
        const alerts = await firing();
        expect(new Set(alerts.map(({ labels }) => labels['ci']))).toEqual(new Set(hosts));
        expect(new Set(alerts.map(({ incident_id }) => incident_id)).size).toBe(hosts.length);
        expect((await current()).deployment_model).toBe(model);
        monitoring.resolve();
        await eventually(async () => (await firing()).length === 0, {
          timeoutMs: 60_000,
          what: 'all alerts are resolved',
        });
      },
    );
  },
);
