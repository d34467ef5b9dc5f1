import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type Server, createServer } from 'node:https';
import { createServer as createTcpServer } from 'node:net';
import { type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { offlineEnrolmentProblem, modelsWhere } from '@atlas/deployment-profiles';
import { ProcessLock, openDatabase } from '@atlas/persistence';
import { PLANE_PATHS } from '@atlas/plane-contract';
import { SystemClock, parseEnvironment } from '@atlas/platform';
import { type NamedOutcome } from '@atlas/tenant-api/deployment';
import { HAS_OPENSSL, createTestCertificate, eventually, freePort } from '@atlas/testing';
import { TenantPlaneConfig } from '../../src/config/tenant-plane.config';
import { ControlPlaneChecks } from '../../src/control-plane-checks/control-plane-checks';
import { latencyCheck } from '../../src/control-plane-checks/latency.check';
import { PlaneEgressCall } from '../../src/egress/egress-call.entity';
import { enrolOnce } from '../../src/installation/enrol-once';
import { withInstalledPlane } from '../../src/installation/installed-plane';
import { preflight } from '../../src/installation/preflight';
import { needsEnrolment } from '../../src/plane-identity/install-bundle';
import { databaseOptions } from '../../src/schema/database-options';
import { FakeControlPlane, ShiftedClock } from '../fake-control-plane.fixture';
import { Link } from '../linked-plane.fixture';
import { type Env, TestTenantPlane, createApp, environmentFor, tenantEntry } from '../tenant-plane.fixture';

const OTHER = 'ats_KeyId0000001_00000000000000000000000000000000000000000074LOe8F';
const LINK = ['dns', 'tls', 'clock', 'signature', 'version', 'latency'];

function named(checks: readonly NamedOutcome[], name: string): NamedOutcome {
  const found = checks.find((check) => check.name === name);
  if (!found) throw new Error(`There is no check ${name}.`);
  return found;
}

/** The names of the failed checks that need action. */
const causes = (checks: readonly NamedOutcome[]): string[] =>
  checks.filter(({ ok, skipped }) => !ok && !skipped).map(({ name }) => name);

/** The names of all checks that did not pass, including skipped ones. */
const failing = (checks: readonly NamedOutcome[]): string[] =>
  checks.filter(({ ok }) => !ok).map(({ name }) => name);

// A call to the fake Control Plane takes as long as this machine is busy. The limit has its own test.
const judgeLatency = latencyCheck.run;
beforeEach(() => {
  jest.spyOn(latencyCheck, 'run').mockImplementation((scene) => {
    const probe = async () => ({ ...(await scene.probe()), roundTripMs: 1 });
    return judgeLatency({ ...scene, probe });
  });
});
afterEach(() => jest.restoreAllMocks());

describe('the checks of a running plane', () => {
  let link: Link;
  let control: FakeControlPlane;
  beforeEach(async () => {
    link = await Link.create('sqlite');
    ({ control } = link);
  });
  afterEach(() => link.close());

  /** Starts a plane that serves a tenant. Returns a function that runs its checks as an operator. */
  async function serving(env: Env = {}, clock = new ShiftedClock()): Promise<() => Promise<NamedOutcome[]>> {
    const acme = tenantEntry('acme');
    control.wanted.put(acme);
    const plane = await link.startPlane(env, clock);
    await link.reported(acme.tenant_id);
    const { session } = await plane.user(acme, 'operator');
    return async () => {
      const { body } = await plane
        .get('/api/integrations/control-plane', { tenant: 'acme', session })
        .expect(200);
      return body.checks;
    };
  }

  it('all pass when nothing is wrong, without changing or consuming anything', async () => {
    const check = await serving();
    const [enrolments, reports] = [control.enrolments.length, control.reports.length];
    const checks = await check();
    expect(checks.map(({ name }) => name)).toEqual(LINK);
    expect(failing(checks)).toEqual([]);
    expect(named(checks, 'tls').detail).toBe('Not needed on this machine');
    expect(named(checks, 'version').detail).toBe('Tenant plane 0.1.0 works with Control Plane 0.1.0');
    expect([control.enrolments.length, control.reports.length]).toEqual([enrolments, reports]);
    expect(control.rehearsals).toEqual([]);
  });

  it('share one run among concurrent callers', async () => {
    await serving();
    const service = link.planes[0]?.app.get(ControlPlaneChecks);
    const first = service?.run();
    expect(service?.run()).toBe(first);
    await first;
    expect(service?.run()).not.toBe(first);
  });

  it('name the variable if the secret is no longer valid, and show no secret', async () => {
    const check = await serving();
    const { secret } = control;
    control.secret = OTHER;
    const checks = await check();
    expect(failing(checks)).toEqual(['clock', 'signature', 'version', 'latency']);
    expect(causes(checks)).toEqual(['signature']);
    for (const name of ['clock', 'version', 'latency'])
      expect(named(checks, name).detail).toBe('Not checked, because the signature check failed');
    expect(named(checks, 'signature').fix).toContain('INTERNAL_SERVICE_SECRET');
    for (const hidden of [secret, OTHER, control.token]) expect(JSON.stringify(checks)).not.toContain(hidden);
  });

  it.each([400, -400])(
    'report that the clock is %i s off, but only from a signed response',
    async (ahead) => {
      const check = await serving();
      control.clock.aheadSeconds = ahead;
      const checks = await check();
      expect(failing(checks)).toEqual(['clock']);
      expect(named(checks, 'clock').detail).toMatch(
        ahead > 0 ? /^This.* (399|400|401) s behind/ : /s ahead of/,
      );
      expect(named(checks, 'clock').fix).toContain('NTP');
      control.manner = 'forged';
      expect(named(await check(), 'clock').detail).toBe('Not checked, because the signature check failed');
    },
  );

  it('say what is wrong if a response is not trusted or comes from another server', async () => {
    const check = await serving();
    control.misbehavesAt = [PLANE_PATHS.desiredState];
    control.manner = 'unsigned';
    expect(named(await check(), 'signature').fix).toMatch(/proxy alters responses/);
    control.manner = 'broken';
    const { detail, fix } = named(await check(), 'signature');
    expect([detail, fix]).toEqual([
      expect.stringContaining('503'),
      expect.stringMatching(/CONTROL_PLANE_BASE_URL/),
    ]);
    control.manner = 'elsewhere';
    const checks = await check();
    expect(failing(checks)).toEqual(['clock', 'signature', 'version', 'latency']);
    expect(named(checks, 'signature').fix).toMatch(/^The response is not from the Control Plane/);
  });

  it('report an older Control Plane', async () => {
    const check = await serving();
    control.version = '0.0.9';
    const checks = await check();
    expect(failing(checks)).toEqual(['version']);
    expect(named(checks, 'version').detail).toContain('newer than the Control Plane (0.0.9)');
  });

  it('report a Control Plane that is down', async () => {
    const check = await serving();
    await control.stop();
    const checks = await check();
    expect(failing(checks)).toEqual(['clock', 'signature', 'version', 'latency']);
    expect(causes(checks)).toEqual(['signature']);
    expect(named(checks, 'signature').fix).toContain('nothing listens there');
    for (const { ok, fix } of checks) if (!ok) expect(fix).toMatch(/\w.*\.$/);
    await control.listen();
  });

  it('are all skipped in offline mode, without a call', async () => {
    const plane = await TestTenantPlane.boot('sqlite', {
      env: { ...control.env, ATLAS_OFFLINE_MODE: '1' },
    });
    const { admin } = await plane.tenantWithAdmin('acme');
    const { body } = await plane.get('/api/integrations/control-plane', admin).expect(200);
    expect(failing(body.checks)).toEqual(LINK);
    for (const { detail, skipped } of body.checks as NamedOutcome[])
      expect([detail, skipped]).toEqual([expect.stringContaining('ATLAS_OFFLINE_MODE'), true]);
    expect([...control.pulls, ...control.refusals, ...control.rehearsals]).toEqual([]);
    await plane.close();
  });
});

describe('the preflight', () => {
  let control: FakeControlPlane;
  let folder: string;
  let port: number;
  beforeAll(async () => (port = await freePort()));
  beforeEach(async () => {
    control = await FakeControlPlane.start();
    folder = mkdtempSync(join(tmpdir(), 'atlas-preflight-'));
  });
  afterEach(async () => {
    await control.stop();
    rmSync(folder, { recursive: true });
  });

  const env = (changes: Env = {}): NodeJS.ProcessEnv => ({
    ...environmentFor({ url: join(folder, 'data/tp.db') }),
    ...control.env,
    PORT: String(port),
    ...changes,
  });
  const checks = async (changes: Env = {}): Promise<readonly NamedOutcome[]> =>
    (await preflight(env(changes))).checks;

  it('passes with a valid bundle, without consuming it', async () => {
    const report = await preflight(env());
    expect(report.checks.map(({ name }) => name)).toEqual([
      'environment',
      'database',
      'port',
      'address',
      'dns',
      'tls',
      'clock',
      'signature',
      'token',
      'version',
      'latency',
    ]);
    expect([report.ok, failing(report.checks)]).toEqual([true, []]);
    expect([control.rehearsals.length, control.enrolments]).toEqual([1, []]);
  });

  it('leaves the enrolment in the ledger, even if it was refused', async () => {
    const config = parseEnvironment(TenantPlaneConfig, env());
    control.refuses = 'token_expired';
    await expect(withInstalledPlane(config, enrolOnce)).rejects.toThrow('Not enrolled');
    control.refuses = null;
    await withInstalledPlane(config, enrolOnce);
    const database = await openDatabase(databaseOptions(config));
    const calls = await database.read((manager) => manager.find(PlaneEgressCall));
    await database.close();
    const one = { class: 'enrolment', destination: control.url, refused: false };
    expect(calls).toEqual([expect.objectContaining({ ...one, count: 2 })]);
  });

  it('needs no token once the plane is enrolled, because it uses the stored identity', async () => {
    const config = parseEnvironment(TenantPlaneConfig, env());
    await withInstalledPlane(config, enrolOnce);
    control.refuses = 'token_already_used';
    const report = await preflight(env());
    expect([report.ok, named(report.checks, 'token').detail]).toEqual([
      true,
      'No longer needed: this plane is enrolled',
    ]);
    expect(control.rehearsals).toEqual([]);
  });

  it('refuses a changed model for an enrolled plane, as the plane itself does at startup', async () => {
    await withInstalledPlane(parseEnvironment(TenantPlaneConfig, env()), enrolOnce);
    const other = env({ ATLAS_TP_DEPLOYMENT: 'on_prem' });
    const report = await preflight(other);
    expect(named(report.checks, 'token')).toMatchObject({
      ok: false,
      detail: 'This plane is enrolled as shared, not as on_prem',
      fix: expect.stringContaining('ATLAS_TP_DEPLOYMENT'),
    });
    const start = withInstalledPlane(parseEnvironment(TenantPlaneConfig, other), enrolOnce);
    await expect(start).rejects.toThrow('this plane is enrolled as shared. Set it to shared');
    // A bundle for the new model contains a new secret, so the plane may enrol again.
    const moved = { ...other, INTERNAL_SERVICE_SECRET: OTHER };
    await withInstalledPlane(parseEnvironment(TenantPlaneConfig, moved), async ({ identities }) =>
      expect(needsEnrolment(parseEnvironment(TenantPlaneConfig, moved), identities.current)).toBe(true),
    );
  });

  it('lists every error in the environment at once, without repeating values', async () => {
    const wrong = { PORT: 'many', INTERNAL_SERVICE_SECRET: 'ats_cut-off-half-way-through-the-line' };
    const report = await preflight(env(wrong));
    expect(report).toMatchObject({ ok: false, checks: [{ name: 'environment', ok: false }] });
    expect(report.checks[0]?.detail).toMatch(/PORT.*INTERNAL_SERVICE_SECRET was not pasted completely/);
    expect(JSON.stringify(report)).not.toContain('half-way');
  });

  it.each(['token_already_used', 'token_revoked', 'token_expired'] as const)(
    'reports the error %s',
    async (code) => {
      control.refuses = code;
      const found = await checks();
      expect(causes(found)).toEqual(['token']);
      expect(named(found, 'version').detail).toBe('Not checked, because the token check failed');
      expect(named(found, 'token').detail).toContain(code);
      expect(named(found, 'token').fix).toContain('new install bundle');
    },
  );

  it('distinguishes a wrong model and an unsupported version from a bad token', async () => {
    control.refuses = 'deployment_model_mismatch';
    const mismatch = await checks();
    expect(named(mismatch, 'token').fix).toContain('ATLAS_TP_DEPLOYMENT');
    expect(named(mismatch, 'signature')).toEqual({
      name: 'signature',
      ok: true,
      detail: 'INTERNAL_SERVICE_SECRET is correct',
    });
    control.refuses = 'version_unsupported';
    expect(failing(await checks())).toEqual(['version']);
  });

  it.each([
    ['is not set', undefined, 'ATLAS_PROVISIONING_TOKEN is not set'],
    ['is incomplete', 'atp_cut', 'not pasted completely'],
  ])('reports a token that %s', async (_, token, detail) => {
    const all = await checks({ ATLAS_PROVISIONING_TOKEN: token });
    expect(causes(all)).toEqual(['token']);
    // No call is made, because with such a token the Control Plane would also refuse the secret.
    expect(control.rehearsals).toEqual([]);
    const found = named(all, 'token');
    expect([found.ok, found.detail]).toEqual([false, expect.stringContaining(detail)]);
    expect(found.detail).not.toContain('atp_cut');
  });

  it('reports a secret from another bundle, without consuming the token', async () => {
    const found = await checks({ INTERNAL_SERVICE_SECRET: OTHER });
    expect(causes(found)).toEqual(['signature']);
    expect(failing(found)).toEqual(['clock', 'signature', 'token', 'version', 'latency']);
    expect(named(found, 'signature').fix).toContain('newest install bundle');
  });

  it('reports an unknown host name', async () => {
    const found = await checks({ CONTROL_PLANE_BASE_URL: 'https://control-plane.invalid' });
    expect(causes(found)).toEqual(['dns']);
    expect(failing(found)).toEqual(['dns', 'tls', 'clock', 'signature', 'token', 'version', 'latency']);
    expect(named(found, 'dns').fix).toMatch(/network team/);
  });

  it('reports an incomplete token together with a wrong secret', async () => {
    const found = await checks({ INTERNAL_SERVICE_SECRET: OTHER, ATLAS_PROVISIONING_TOKEN: 'atp_cut' });
    expect(causes(found)).toEqual(['signature', 'token']);
  });

  it.each([{}, { ATLAS_OFFLINE_MODE: '1' }])(
    'passes while the plane is running, and names its process and port (extra variables: %j)',
    async (mode) => {
      const app = await createApp(env(mode), { clock: new SystemClock() });
      try {
        await app.listen(port, '127.0.0.1');
        if (mode.ATLAS_OFFLINE_MODE === undefined)
          await eventually(() => control.reports.length > 0, { what: 'the plane has the lease' });
        const report = await preflight(env(mode));
        expect(report).toMatchObject({ ok: true, running: { pid: process.pid, port } });
        expect(named(report.checks, 'database').detail).toMatch(/tp\.db is in use by this plane$/);
        expect(named(report.checks, 'port').detail).toBe(`${port} is in use by this plane`);
      } finally {
        await app.close();
      }
    },
  );

  it('does not mistake a running plane with another model and bundle for its own plane', async () => {
    const app = await createApp(env(), { clock: new SystemClock() });
    try {
      await app.listen(port, '127.0.0.1');
      await eventually(() => control.reports.length > 0, { what: 'the plane has the lease' });
      const report = await preflight(env({ ATLAS_TP_DEPLOYMENT: 'hybrid', INTERNAL_SERVICE_SECRET: OTHER }));
      expect(report.running).toBeNull();
      expect(named(report.checks, 'database')).toMatchObject({
        ok: false,
        detail: expect.stringContaining('in use by another process'),
      });
    } finally {
      await app.close();
    }
  });

  it('fails if another process uses the database file', async () => {
    const lock = await ProcessLock.take(join(folder, 'data/tp.db'));
    writeFileSync(join(folder, 'data/tp.db'), '');
    const report = await preflight(env());
    await lock.release();
    expect(report.running).toBeNull();
    expect(named(report.checks, 'database')).toMatchObject({
      ok: false,
      fix: expect.stringContaining('only one process'),
    });
  });

  it('fails if another process uses the port, and names the process', async () => {
    const taken = new URL(control.url).port;
    const report = await preflight(env({ PORT: taken }));
    expect([report.running, causes(report.checks)]).toEqual([null, ['port']]);
    expect(named(report.checks, 'port')).toMatchObject({
      detail: `Port ${taken} is in use by another process (process ${process.pid})`,
      fix: expect.stringContaining('PORT'),
    });
  });

  it.each(['ATLAS_OFFLINE_MODE', 'ATLASAI_OFFLINE_MODE'])(
    'refuses a hybrid plane with %s, before it opens a database',
    async (offline) => {
      const report = await preflight(env({ ATLAS_TP_DEPLOYMENT: 'hybrid', [offline]: '1' }));
      expect(report).toMatchObject({ ok: false, checks: [{ name: 'environment', ok: false }] });
      expect(report.checks[0]?.detail).toContain(offlineEnrolmentProblem('hybrid'));
    },
  );

  describe.each(modelsWhere(({ installRequired }) => installRequired))(
    'with the model %s',
    (ATLAS_TP_DEPLOYMENT) => {
      it.each([
        [undefined, 'http://127.0.0.1:'],
        ['http://localhost:8080', 'http://localhost:8080/signup'],
        ['http://127.1.2.3', 'http://127.1.2.3/signup'],
        ['http://[::1]:4200', 'http://[::1]:4200/signup'],
      ])(
        "warns if the plane's address is %s, and says where sign-up links would lead",
        async (TENANT_PLANE_PUBLIC_URL, link) => {
          const report = await preflight(env({ ATLAS_TP_DEPLOYMENT, TENANT_PLANE_PUBLIC_URL }));
          const address = named(report.checks, 'address');
          expect(report.ok).toBe(true);
          expect(address).toMatchObject({ ok: true, warning: true, detail: expect.stringContaining(link) });
          expect(address.fix).toContain('TENANT_PLANE_PUBLIC_URL');
        },
      );

      it('accepts an address that other machines can reach', async () => {
        const TENANT_PLANE_PUBLIC_URL = 'https://atlas.acme.example';
        const found = named(await checks({ ATLAS_TP_DEPLOYMENT, TENANT_PLANE_PUBLIC_URL }), 'address');
        expect(found).toEqual({
          name: 'address',
          ok: true,
          detail: `Sign-up links lead to ${TENANT_PLANE_PUBLIC_URL}/signup`,
        });
      });
    },
  );

  it('does not warn about the address of a plane that Atlas runs', async () => {
    expect(named(await checks({ ATLAS_TP_DEPLOYMENT: 'dedicated' }), 'address')).not.toHaveProperty(
      'warning',
    );
  });

  it('runs only local checks in offline mode, and passes if they pass', async () => {
    const report = await preflight(env({ ATLAS_OFFLINE_MODE: '1' }));
    expect([report.ok, named(report.checks, 'database').ok]).toEqual([true, true]);
    expect(report.checks.filter(({ skipped }) => skipped)).toHaveLength(7);
    expect([...control.rehearsals, ...control.refusals]).toEqual([]);
  });

  describe('with a Control Plane on https', () => {
    const certificates = HAS_OPENSSL ? it : it.skip;
    let servers: (Server | ReturnType<typeof createTcpServer>)[] = [];
    afterEach(async () => {
      await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
      servers = [];
    });

    async function listen(
      server: Server | ReturnType<typeof createTcpServer>,
      host: string,
    ): Promise<string> {
      servers.push(server);
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      return `https://${host}:${(server.address() as AddressInfo).port}`;
    }

    certificates('says how to add an unknown private CA', async () => {
      const url = await listen(createServer(createTestCertificate(folder)), 'localhost');
      const base = { CONTROL_PLANE_BASE_URL: url };
      const { ok, detail, fix } = named(await checks(base), 'tls');
      expect([ok, detail]).toEqual([false, expect.stringContaining('DEPTH_ZERO_SELF_SIGNED_CERT')]);
      expect(fix).toContain('name the file in NODE_EXTRA_CA_CERTS');
      const wrong = { ...base, NODE_EXTRA_CA_CERTS: join(folder, 'nowhere.pem') };
      expect(named(await checks(wrong), 'tls').fix).toContain('does not exist');
    });

    it('reports a server that does not speak TLS', async () => {
      const url = await listen(
        createTcpServer((socket) => socket.end('hello', () => socket.destroy())),
        'localhost',
      );
      const { ok, fix } = named(await checks({ CONTROL_PLANE_BASE_URL: url }), 'tls');
      expect([ok, fix]).toEqual([false, expect.stringContaining('network team')]);
    });
  });
});
