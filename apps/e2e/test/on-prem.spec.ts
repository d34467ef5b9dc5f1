import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { offlineEnrolmentProblem } from '@atlas/deployment-profiles';
import {
  ADMIN_PASSWORD,
  HAS_OPENSSL,
  type InstallView,
  type SessionView,
  StandInAiProvider,
  type TestDatabase,
  TestStack,
  createTestCertificate,
  createTestDatabase,
  bySize,
  databasesOfLongSuite,
  eventually,
} from '@atlas/testing';
import { CustomersMachine } from './atlas-tp.fixture';
import { TlsFront } from './tls-front.fixture';
import { inFullForm } from './full-form.fixture';

jest.setTimeout(bySize(60_000, 300_000));

const RESTARTS = bySize(1, 20);

interface CheckView {
  readonly name: string;
  readonly ok: boolean;
  readonly detail: string;
  readonly fix?: string;
}
interface Report {
  readonly ok: boolean;
  readonly checks: readonly CheckView[];
}
interface Begun {
  readonly job: { readonly id: string };
  readonly install?: InstallView;
}
interface PlaneView {
  readonly id: string;
  readonly name: string;
  readonly status: string;
  readonly health: string;
}

describe.each(databasesOfLongSuite('sqlite'))('a plane installed by a customer, on %s', (driver) => {
  let stack: TestStack;
  let provider: StandInAiProvider;
  let controlPlaneDatabase: TestDatabase;
  let machine: CustomersMachine;

  beforeAll(async () => {
    controlPlaneDatabase = await createTestDatabase(driver);
    provider = await StandInAiProvider.start();
    const controlPlaneEnv = { AI_PROVIDER_BASE_URL: provider.baseUrl, AI_PROVIDER_MODEL: 'stand-in-1' };
    stack = await TestStack.start({ controlPlaneDatabase, controlPlaneEnv });
  });
  afterAll(async () => {
    await stack.stop();
    await provider.stop();
    await controlPlaneDatabase.drop();
  });
  beforeEach(async () => {
    machine = await CustomersMachine.create(await createTestDatabase(driver));
  });
  afterEach(() => machine.remove());

  const planesOf = async (slug: string): Promise<PlaneView[]> => {
    const { body } = await stack.api<{ items: PlaneView[] }>('/api/tenant-planes');
    return body.items.filter(({ name }) => name.startsWith(`${slug}-`));
  };
  const signIn = (slug: string) =>
    stack.tenant<{ token: string }>(slug, '/api/auth/token', {
      at: machine.url,
      body: { email: `admin@${slug}.example.com`, password: ADMIN_PASSWORD },
    });

  const ended = ({ job: { id } }: Begun) =>
    eventually(
      async () =>
        (await stack.api<{ status: string }>(`/api/provisioning-jobs/${id}`)).body.status === 'succeeded',
      { timeoutMs: 30_000, what: 'the job has succeeded' },
    );

  /** Creates an incident, and asks the AI about it. */
  const askAi = async (slug: string, { token: session }: SessionView) => {
    const at = machine.url;
    const body = { title: 'Disk full', severity: 'P2' };
    const { body: incident } = await stack.tenant(slug, '/api/incidents', { at, session, body });
    const path = `/api/ai/incidents/${incident['id']}/analysis`;
    return stack.tenant(slug, path, { at, session, method: 'POST' });
  };

  it('passes its checks and works with the pasted bundle, and restarts after its token is used', async () => {
    const { install, tenant } = await order(stack, 'acme');
    machine.paste(install);
    const before = await machine.json<Report>('preflight');
    expect(before).toMatchObject({ ok: true, code: 0 });
    expect(named(before, 'database').detail).toMatch(
      driver === 'postgres' ? /a plain role/ : /will be created/,
    );

    let running = await machine.run();
    await stack.awaitActive(tenant.id);
    const session = await stack.signUp({ ...tenant, slug: 'acme' }, machine.url);
    expect(await askAi('acme', session)).toMatchObject({ status: 403, body: { code: 'ai_not_allowed' } });
    expect(await machine.json('status')).toMatchObject({
      code: 0,
      enrolled: true,
      deployment_model: 'on_prem',
      database: driver,
      tenants: [{ slug: 'acme', status: 'active', phase: 'serving' }],
    });
    // The plane is already enrolled, so the command changes nothing, even while the plane has the database
    // file open.
    expect(await machine.json('enrol')).toMatchObject({ code: 0, enrolled: true });
    for (let round = 0; round < RESTARTS; round += 1) {
      expect(await running.end()).toMatchObject({ code: 0 });
      running = await machine.run();
      expect(await signIn('acme')).toMatchObject({ status: 200 });
    }
    expect(await planesOf('acme')).toMatchObject([{ status: 'enrolled' }]);
    // The plane exits together with the command that runs it, even if the command is killed. The plane
    // inherits the command's pipes, so they are not closed until the plane has exited.
    await running.end('SIGKILL');
    await expect(fetch(`${machine.url}/health/live`)).rejects.toThrow();
  });

  it('uses the cloud AI if it is hybrid, and still has its data after the tenant is restored', async () => {
    const { install, tenant } = await order(stack, 'crossbreed', 'hybrid');
    machine.paste(install);
    const running = await machine.run();
    await stack.awaitActive(tenant.id);
    const session = await stack.signUp({ ...tenant, slug: 'crossbreed' }, machine.url);
    expect(await askAi('crossbreed', session)).toMatchObject({
      status: 200,
      body: { analysis: provider.text, model: 'stand-in-1', source: 'control_plane' },
    });
    expect(provider.asked).toHaveLength(1);
    expect(provider.asked[0]?.body.messages.at(-1)?.content).toContain('Disk full');

    // The tenant is deprovisioned, but its plane keeps the data. Then the tenant is restored with another
    // bundle.
    const leaving = { body: { confirm_slug: 'crossbreed' } };
    await ended((await stack.api<Begun>(`/api/tenants/${tenant.id}/deprovision`, leaving)).body);
    await running.end();
    const back = await stack.api<Begun>(`/api/tenants/${tenant.id}/restore`, { method: 'POST' });
    machine.paste(back.body.install as InstallView);
    const again = await machine.run();
    await ended(back.body);
    expect(await stack.awaitActive(tenant.id)).toMatchObject({ tenant_plane_id: tenant.tenant_plane_id });
    const incidents = await stack.tenant('crossbreed', '/api/incidents', {
      at: machine.url,
      session: session.token,
    });
    expect(incidents.body).toMatchObject({ items: [{ title: 'Disk full' }] });
    await again.end();
  });

  it('enrols by exchanging two files, and serves without ever calling the Control Plane', async () => {
    const { install, tenant } = await order(stack, 'submarine');
    machine.paste(install, { ATLAS_OFFLINE_MODE: '1' });
    expect(await machine.json<Report>('preflight')).toMatchObject({ ok: true, code: 0 });
    const [request, answer] = [machine.path('request.json'), machine.path('answer.json')];
    const written = await machine.call('enrol', '--offline', '--request', request);
    expect(written).toMatchObject({ code: 0, out: expect.stringContaining(request) });

    const file = readFileSync(request, 'utf8');
    expect(file).not.toContain(install.token);
    const uploaded = await stack.api('/api/tenant-planes/enroll-offline', { body: file });
    expect(uploaded.status).toBe(200);
    writeFileSync(answer, JSON.stringify(uploaded.body));
    expect(await machine.json('enrol', '--offline', '--answer', answer)).toMatchObject({
      code: 0,
      enrolled: true,
      tenant_plane_id: tenant.tenant_plane_id,
      offline_mode: true,
      tenants: [{ slug: 'submarine', status: 'active' }],
    });

    await stack.awaitActive(tenant.id);
    const running = await machine.run();
    await stack.signUp({ ...tenant, slug: 'submarine' }, machine.url);
    expect(await signIn('submarine')).toMatchObject({ status: 200 });
    expect(await planesOf('submarine')).toMatchObject([{ status: 'enrolled', health: 'unknown' }]);
    await running.end();
  });

  // The remaining tests do not depend on the database.
  if (driver !== 'sqlite') return;

  it('is refused by every command if it is hybrid and offline, and no database is created', async () => {
    const { install } = await order(stack, 'hermit', 'hybrid');
    machine.paste(install, { ATLAS_OFFLINE_MODE: '1', TENANT_PLANE_DATABASE_URL: 'data/plane.db' });
    const request = ['enrol', '--offline', '--request', 'request.json'];
    for (const words of [['preflight'], ['enrol'], request, ['run']]) {
      const { code, out, err } = await machine.call(...words);
      expect([words, code, out + err]).toEqual([
        words,
        1,
        expect.stringContaining(offlineEnrolmentProblem('hybrid')),
      ]);
    }
    expect(existsSync(machine.path('data'))).toBe(false);
  });

  inFullForm('exits when npx, which forwards no signals, is killed', async () => {
    const { install, tenant } = await order(stack, 'orphan');
    machine.paste(install);
    const running = await machine.runByNpx();
    await stack.awaitActive(tenant.id);
    await running.end('SIGKILL');
    // The plane inherits the shell's pipes, so they are not closed until the plane has exited.
    await expect(fetch(`${machine.url}/health/live`)).rejects.toThrow();
  });

  inFullForm(
    'can be enrolled repeatedly before it is started, and says why if it cannot be enrolled',
    async () => {
      const { install } = await order(stack, 'early');
      machine.paste(install, { ATLAS_PROVISIONING_TOKEN: '# later' });
      const refused = await machine.call('enrol');
      expect([refused.code, refused.err]).toEqual([1, expect.stringContaining('ATLAS_PROVISIONING_TOKEN')]);
      machine.paste(install);
      for (let round = 0; round < 2; round += 1)
        expect(await machine.json('enrol')).toMatchObject({ code: 0, enrolled: true });
      expect(await planesOf('early')).toMatchObject([{ status: 'enrolled' }]);
    },
  );
});

(HAS_OPENSSL ? describe : describe.skip)('a Control Plane whose certificate comes from a private CA', () => {
  let folder: string;
  let front: TlsFront;
  let stack: TestStack;
  let machine: CustomersMachine;
  let databases: TestDatabase[];
  let certificate: ReturnType<typeof createTestCertificate>;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'atlas-ca-'));
    certificate = createTestCertificate(folder);
    front = await TlsFront.start(certificate);
    databases = [await createTestDatabase('sqlite'), await createTestDatabase('sqlite')];
    const [controlPlaneDatabase, customers] = databases as [TestDatabase, TestDatabase];
    const controlPlaneEnv = { CONTROL_PLANE_PUBLIC_URL: front.url };
    stack = await TestStack.start({ controlPlaneDatabase, controlPlaneEnv });
    front.target = stack.controlPlane.url;
    machine = await CustomersMachine.create(customers);
  });
  afterAll(async () => {
    await machine.remove();
    await stack.stop();
    await front.stop();
    await databases[0]?.drop();
    rmSync(folder, { recursive: true });
  });

  it('is trusted by the checks and the plane once the env file names the CA', async () => {
    const { install, tenant } = await order(stack, 'acme');
    machine.paste(install);
    const before = await machine.json<Report>('preflight');
    expect([before.code, named(before, 'tls').fix]).toEqual([
      1,
      expect.stringContaining('NODE_EXTRA_CA_CERTS'),
    ]);
    machine.paste(install, { NODE_EXTRA_CA_CERTS: certificate.file });
    const after = await machine.json<Report>('preflight');
    expect(after).toMatchObject({ ok: true, code: 0 });
    expect(named(after, 'tls').detail).toContain('issued by A private CA');
    const running = await machine.run();
    await stack.awaitActive(tenant.id);
    await running.end();
  });
});

async function order(stack: TestStack, slug: string, deployment_model = 'on_prem') {
  const { status, body } = await stack.provision(slug, { body: { deployment_model } });
  if (status !== 202 || !body.install) throw new Error(JSON.stringify(body));
  return { tenant: body.tenant, install: body.install as InstallView };
}

function named({ checks }: Report, name: string): CheckView {
  const found = checks.find((check) => check.name === name);
  if (!found) throw new Error(`Check ${name} is missing.`);
  return found;
}
