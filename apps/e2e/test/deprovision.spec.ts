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

jest.setTimeout(120_000);

interface JobView {
  readonly status: string;
  readonly error: unknown;
  readonly steps: readonly { readonly name: string; readonly outputs: Record<string, unknown> }[];
}

describe.each(databasesOfLongSuite('postgres'))('deprovisioning on %s', (driver) => {
  let dedicated: DedicatedStack;
  let cellDatabase: TestDatabase;

  beforeAll(async () => {
    dedicated = await DedicatedStack.start(driver);
    cellDatabase = await createTestDatabase(driver);
    const cell = await dedicated.stack.registerCell();
    await dedicated.stack.startTenantPlane(cell.install, cellDatabase);
    await dedicated.stack.awaitEnrolled(cell.id);
  });
  afterAll(async () => {
    await dedicated.stop();
    await cellDatabase.drop();
  });

  const tenantNow = async (slug: string): Promise<TenantView & { restorable_until: string | null }> =>
    (await dedicated.stack.api<never>(`/api/tenants/${slug}`)).body;

  async function perform(id: string, operation: string, body: object = {}): Promise<JobView> {
    const { stack } = dedicated;
    const accepted = await stack.api<{ job: { id: string } }>(`/api/tenants/${id}/${operation}`, { body });
    expect(accepted).toMatchObject({ status: 202 });
    const ended = async () => {
      const { body: job } = await stack.api<JobView>(`/api/provisioning-jobs/${accepted.body.job.id}`);
      return ['succeeded', 'failed', 'cancelled'].includes(job.status) && job;
    };
    return eventually(ended, { timeoutMs: 60_000, what: `${operation} has ended` });
  }

  async function provisioned(slug: string, deployment_model: string) {
    const { stack } = dedicated;
    await stack.provision(slug, { body: { deployment_model } });
    const tenant = await stack.awaitActive(slug);
    const at = tenant.endpoint_url ?? '';
    const session = await stack.signUp(tenant, at);
    for (const severity of ['P1', 'P2', 'P3'])
      await request(`${at}/api/incidents`, {
        body: { title: `an ${severity}`, severity },
        headers: headersOf(tenant, session),
      });
    return { tenant, session };
  }

  const headersOf = ({ id }: TenantView, { token }: SessionView) => ({
    'x-tenant-id': id,
    authorization: `Bearer ${token}`,
  });
  const rowsOf = async (tenant: TenantView, session: SessionView): Promise<unknown> => {
    const { endpoint_url: at } = await tenantNow(tenant.slug);
    const headers = headersOf(tenant, session);
    const paths = ['/api/incidents', '/api/auth/me', '/api/onboarding'];
    return Promise.all(paths.map(async (path) => (await request(`${at}${path}`, { headers })).body));
  };

  it.each(['shared', 'dedicated'])(
    'removes a %s tenant completely, and allows it to be restored unchanged',
    async (model) => {
      const { tenant, session } = await provisioned(`gone-${model}`, model);
      const { id, slug } = tenant;
      const before = await rowsOf(tenant, session);

      const gone = await perform(id, 'deprovision', { confirm_slug: slug });
      expect(gone).toMatchObject({ status: 'succeeded', error: null });
      const backedUp = gone.steps.find(({ name }) => name === 'await-backup')?.outputs;
      expect(backedUp).toMatchObject({ rows_incidents: 3, rows_users: 1 });
      expect(await tenantNow(slug)).toMatchObject({
        status: 'deprovisioning',
        restorable_until: expect.any(String),
        endpoint_url: null,
        has_db_url: false,
      });
      if (model === 'dedicated') {
        expect(await dedicated.namesOnServer(slug.replace('-', '_'))).toEqual([]);
        expect(dedicated.processes()).toEqual([]);
      } else {
        const headers = { 'x-tenant-id': id };
        const answer = await request(`${tenant.endpoint_url}/api/tenant-default`, { headers });
        expect(answer.status).toBe(404);
      }

      expect(await perform(id, 'restore')).toMatchObject({ status: 'succeeded', error: null });
      expect(await tenantNow(slug)).toMatchObject({
        status: 'active',
        restorable_until: null,
        url: tenant.url,
      });
      expect(await rowsOf(tenant, session)).toEqual(before);
    },
  );
});
