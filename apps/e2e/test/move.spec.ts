import { get } from 'node:http';
import {
  ADMIN_PASSWORD,
  DedicatedStack,
  type InstallView,
  type RequestOptions,
  type SessionView,
  type TenantView,
  type TestDatabase,
  createTestDatabase,
  databasesOfLongSuite,
  eventually,
  freePort,
  request,
  startPlane,
} from '@atlas/testing';

jest.setTimeout(120_000);

interface Accepted {
  readonly job: { readonly id: string };
  readonly install?: InstallView;
}

interface Incident {
  readonly id: string;
  readonly number: string;
  readonly title: string;
}

/** A user who keeps working, retries refused writes, and follows redirects. */
class Worker {
  readonly written: string[] = [];
  readonly failures: string[] = [];
  /** How many times a write was refused because writes were paused. */
  pauses = 0;
  private isOver = false;
  private readonly running: Promise<void>;

  constructor(
    private address: string,
    private readonly headers: Record<string, string>,
  ) {
    this.running = Promise.all([this.write(), this.read()]).then(() => undefined);
  }

  async stop(): Promise<void> {
    this.isOver = true;
    await this.running;
  }

  private async write(): Promise<void> {
    for (let n = 1; !this.isOver; n += 1) {
      const body = { title: `written ${n}`, severity: 'P4' };
      const keyed = { ...this.headers, 'idempotency-key': `write-${n}` };
      let status = 0;
      do status = await this.send({ body, headers: keyed });
      while (status === 503 && (this.pauses += 1) && !this.isOver);
      if (status === 201) this.written.push(body.title);
      else if (status !== 503) this.failures.push(`write ${status}`);
    }
  }

  private async read(): Promise<void> {
    while (!this.isOver) {
      const status = await this.send({ headers: this.headers });
      if (status !== 200) this.failures.push(`read ${status}`);
    }
  }

  private async send(options: RequestOptions): Promise<number> {
    const answer = await request(`${this.address}/api/incidents?limit=1`, options);
    if (answer.status !== 307) return answer.status;
    this.address = new URL(answer.headers.get('location') ?? '').origin;
    return this.send(options);
  }
}

/** The status and Location of a GET with the given Host header, which fetch cannot set. */
function atHost(port: number, name: string, path: string): Promise<unknown[]> {
  return new Promise((resolve, reject) => {
    const headers = { host: `${name}:${port}` };
    get({ host: '127.0.0.1', port, path, headers }, (answer) => {
      answer.resume();
      resolve([answer.statusCode, answer.headers.location]);
    }).on('error', reject);
  });
}

describe.each(databasesOfLongSuite('postgres'))('moving a tenant on %s', (driver) => {
  let dedicated: DedicatedStack;
  let cellDatabase: TestDatabase;
  let cellId: string;
  let tenant: TenantView;
  let session: SessionView;

  beforeAll(async () => {
    dedicated = await DedicatedStack.start(driver);
    const { stack } = dedicated;
    cellDatabase = await createTestDatabase(driver);
    const cell = await stack.registerCell();
    await stack.startTenantPlane(cell.install, cellDatabase);
    await stack.awaitEnrolled(cell.id);
    cellId = cell.id;
    ({ tenant, session } = await stack.tenantWithAdmin('mover'));
  });
  afterAll(async () => {
    await dedicated.stop();
    await cellDatabase.drop();
  });

  const current = async (): Promise<TenantView> =>
    (await dedicated.stack.api<TenantView>('/api/tenants/mover')).body;
  const headers = () => ({ 'x-tenant-id': tenant.id, authorization: `Bearer ${session.token}` });

  async function begin(deployment_model: string): Promise<Accepted> {
    const path = `/api/tenants/${tenant.id}/move`;
    const accepted = await dedicated.stack.api<Accepted>(path, { body: { deployment_model } });
    expect(accepted).toMatchObject({ status: 202 });
    return accepted.body;
  }

  async function end({ job: { id } }: Accepted): Promise<Record<string, unknown>> {
    const { stack } = dedicated;
    const job = `/api/provisioning-jobs/${id}`;
    const ended = async () => {
      const { body } = await stack.api<{ status: string }>(job);
      return ['succeeded', 'failed', 'cancelled'].includes(body.status) && body;
    };
    return eventually(ended, { timeoutMs: 60_000, what: 'the job has finished' });
  }

  async function allIncidents(at: string): Promise<Incident[]> {
    const found: Incident[] = [];
    for (let cursor: string | null = ''; cursor !== null;) {
      const page: { body: { items: Incident[]; next_cursor: string | null } } = await request(
        `${at}/api/incidents?limit=100${cursor && `&cursor=${cursor}`}`,
        { headers: headers() },
      );
      found.push(...page.body.items);
      cursor = page.body.next_cursor;
    }
    return found;
  }

  it.each(['dedicated', 'shared'])(
    'to %s neither loses nor duplicates rows, keeps sessions and incident numbers, and never blocks reads',
    async (model) => {
      const worker = new Worker((await current()).endpoint_url ?? '', headers());
      await eventually(() => worker.written.length > 5, { what: 'the user is working' });
      const job = await end(await begin(model));
      const address = (await current()).endpoint_url ?? '';
      const moved = worker.written.length;
      await eventually(() => worker.written.length > moved + 5, { what: 'the user works at the new home' });
      await worker.stop();
      expect(job).toMatchObject({ status: 'succeeded', error: null });
      expect(worker.failures).toEqual([]);
      const there = await allIncidents(address);
      const titles = there.map(({ title }) => title).filter((title) => worker.written.includes(title));
      expect(new Set(titles).size).toBe(titles.length);
      expect(new Set(titles)).toEqual(new Set(worker.written));
      expect(new Set(there.map(({ number }) => number)).size).toBe(there.length);
      expect(await current()).toMatchObject({ deployment_model: model, url: tenant.url, status: 'active' });
      // The address that users know still works, because the cell redirects requests to the tenant or serves
      // them.
      const known = await atHost(dedicated.stack.tenantPlanePort, 'mover.localhost', '/api/tenant-default');
      expect(known).toEqual(model === 'shared' ? [200, undefined] : [307, `${address}/api/tenant-default`]);
    },
  );

  it("to on_prem requires a bundle, and moving back requires the tenant admin's consent", async () => {
    const { stack } = dedicated;
    const before = await allIncidents((await current()).endpoint_url ?? '');
    const moving = await begin('on_prem');
    const customers = await createTestDatabase('sqlite');
    const port = await freePort();
    const address = `http://127.0.0.1:${port}`;
    const plane = await startPlane('tenant-plane', {
      port,
      env: {
        ...moving.install?.env,
        TENANT_PLANE_DATABASE_URL: customers.url,
        TENANT_PLANE_PUBLIC_URL: address,
      },
    });
    try {
      expect(await end(moving)).toMatchObject({ status: 'succeeded' });
      expect(await current()).toMatchObject({
        deployment_model: 'on_prem',
        url: address,
        endpoint_url: address,
      });
      expect(await allIncidents(address)).toEqual(before);

      const back = await begin('shared');
      const moves = () => request<{ items: unknown[] }>(`${address}/api/moves`, { headers: headers() });
      await eventually(async () => (await moves()).body.items.length === 1, {
        what: 'the plane lists the move',
      });
      const job = `/api/provisioning-jobs/${back.job.id}`;
      await eventually(async () => (await stack.api(job)).body['status'] === 'waiting');
      const consent = { method: 'POST', headers: headers() };
      expect((await request(`${address}/api/moves/consent`, consent)).status).toBe(200);
      expect(await end(back)).toMatchObject({ status: 'succeeded' });
      const home = (await current()).endpoint_url ?? '';
      const audited = (await allIncidents(home)).map(({ id, number }) => [id, number]);
      expect(audited).toEqual(before.map(({ id, number }) => [id, number]));
    } finally {
      await plane.end('SIGKILL');
      await customers.drop();
    }
  });

  it("by draining its cell also moves the cell's other tenants, even a suspended one", async () => {
    const { stack } = dedicated;
    await stack.provision('sleeper');
    const { id: sleeper } = await stack.awaitActive('sleeper');
    const mint = async (headers = {}): Promise<string> => {
      const path = `/api/tenants/${sleeper}/signup-link`;
      return (await stack.api<{ token: string }>(path, { method: 'POST', headers })).body.token;
    };
    const key = { name: 'lost', scopes: ['tenants:write'] };
    const lost = (await stack.api<{ id: string; key: string }>('/api/api-keys', { body: key })).body;
    const links = [await mint({ authorization: `Bearer ${lost.key}` }), await mint()];
    await stack.api(`/api/api-keys/${lost.id}`, { method: 'DELETE' });
    await end((await stack.api<Accepted>(`/api/tenants/${sleeper}/suspend`, { body: {} })).body);
    const before = await allIncidents((await current()).endpoint_url ?? '');
    const [database, port, cell] = [
      await createTestDatabase(driver),
      await freePort(),
      await stack.registerCell(),
    ];
    const address = `http://127.0.0.1:${port}`;
    const env = {
      ...cell.install.env,
      TENANT_PLANE_DATABASE_URL: database.url,
      TENANT_PLANE_MIGRATION_DATABASE_URL: database.ownerUrl,
      TENANT_PLANE_PUBLIC_URL: address,
      TENANT_BASE_DOMAIN: `localhost:${stack.tenantPlanePort}`,
    };
    const plane = await startPlane('tenant-plane', { port, env });
    try {
      await stack.awaitEnrolled(cell.id);
      const drain = await stack.api<Accepted>(`/api/tenant-planes/${cellId}/drain`, { method: 'POST' });
      expect(await end(drain.body)).toMatchObject({
        status: 'succeeded',
        steps: [{ name: 'close-cell' }, { name: 'move-tenants', outputs: { moved: 2 } }],
      });
      expect(await current()).toMatchObject({ endpoint_url: address, url: tenant.url });
      expect(await allIncidents(address)).toEqual(before);
      const asleep = await stack.api<TenantView>(`/api/tenants/${sleeper}`);
      expect(asleep.body).toMatchObject({ status: 'suspended', endpoint_url: address });
      await end((await stack.api<Accepted>(`/api/tenants/${sleeper}/resume`, { body: {} })).body);
      const awake = await stack.tenant(sleeper, '/api/tenant-default', { at: address });
      expect(awake.status).toBe(200);
      const signUp = async (token?: string): Promise<number> => {
        const body = { token, password: ADMIN_PASSWORD };
        return (await stack.tenant(sleeper, '/api/auth/signup-exchange', { at: address, body })).status;
      };
      const [revoked, carried] = links;
      expect([await signUp(revoked), await signUp(carried), await signUp(carried)]).toEqual([401, 201, 409]);
    } finally {
      await plane.end('SIGKILL');
      await database.drop();
    }
  });
});
