import { randomBytes } from 'node:crypto';
import { MAX_PART_LENGTH, PLANE_PATHS, TRANSFER_PART_TYPE } from '@atlas/plane-contract';
import { type RawAnswer, sendRaw } from '@atlas/testing';
import { ProvisioningJob } from '../../src/provisioning-jobs/provisioning-job.entity';
import { Tenant } from '../../src/registry/tenant.entity';
import { PASSWORD, TestControlPlane, provisionBody } from '../control-plane.fixture';

const CONSOLE = 'https://console.example.com';
const ACCESS_CONTROL = /^access-control-/;

/** Runs on one database only, because the driver makes no difference. */
describe('the Control Plane in a browser', () => {
  let plane: TestControlPlane;
  beforeAll(async () => {
    plane = await TestControlPlane.boot('sqlite');
  });
  afterAll(() => plane.close());

  it.each(['/console', '/signup'])('serves %s to programs, too, such as checks', async (path) => {
    const { status, type } = await plane.get(path, { token: null, headers: { accept: '*/*' } });
    // Until the pages are built, the answer is 503.
    expect([200, 503]).toContain(status);
    expect(type).toBe('text/html');
  });

  it('serves the guides without a sign-in', async () => {
    const { text } = await plane.get('/help/tp-deployment-runbook', { token: null }).expect(200);
    expect(text).toContain('<h1 id="runbook-tenant-planes-and-the-control-plane">');
  });

  it.each([
    '/api/tenants',
    '/api/nothing',
    '/docs',
    '/openapi.json',
    '/health/live',
    '/metrics',
    '/signup/verify',
    '/help',
  ])('forbids sniffing, framing and referrers at %s', async (path) => {
    const { headers } = await plane.get(path);
    expect(headers).toMatchObject({
      'x-content-type-options': 'nosniff',
      'content-security-policy': expect.stringMatching(/^default-src 'none';.*frame-ancestors 'none'/),
      'referrer-policy': 'no-referrer',
    });
    expect(headers['content-security-policy']).not.toMatch(/unsafe-(inline|eval)/);
    expect(headers).not.toHaveProperty('strict-transport-security');
    expect(Object.keys(headers).filter((name) => ACCESS_CONTROL.test(name))).toEqual([]);
  });

  it.each(['/reset-password'])(
    'lets the page %s, which links lead to, load only its own assets, and forbids caching it',
    async (path) => {
      const { text, headers } = await plane.get(path, { token: null }).expect(200);
      expect(headers).toMatchObject({
        'content-type': 'text/html; charset=utf-8',
        'cache-control': 'no-store',
        'content-security-policy':
          "default-src 'none';base-uri 'none';form-action 'none';frame-ancestors 'none';" +
          "script-src 'self';style-src 'self';connect-src 'self'",
      });
      expect(text).not.toMatch(/<script(?! type="module" src="\/)|<style|\sstyle=|\son\w+=|\{\{|https?:/);
    },
  );

  it('forbids caching API keys, install bundles and job steps', async () => {
    const { body } = await plane.provision({ deployment_model: 'on_prem' }).expect(202);
    const answers = [
      await plane.post('/api/api-keys', { name: 'x', scopes: ['tenants:read'] }, { token: plane.session }),
      await plane.provision({ deployment_model: 'on_prem' }),
      await plane.post(`/api/provisioning-jobs/${body.job.id}/cancel`),
      await plane.get(`/api/provisioning-jobs/${body.job.id}/events`),
    ];
    for (const { status, headers } of answers)
      expect([status < 300, headers['cache-control'], headers['x-content-type-options']]).toEqual([
        true,
        'no-store',
        'nosniff',
      ]);
  });
});

describe('a Control Plane in production', () => {
  it('requires HTTPS, and allows only the configured origins to call it', async () => {
    const plane = await TestControlPlane.boot('postgres', {
      NODE_ENV: 'production',
      METRICS_TOKEN: randomBytes(16).toString('hex'),
      CORS_ALLOWED_ORIGINS: CONSOLE,
    });
    for (const [origin, allowed] of [
      [CONSOLE, CONSOLE],
      ['https://evil.example.com', undefined],
    ] as const) {
      const { headers } = await plane.get('/api/tenants', { headers: { origin } });
      expect(headers['access-control-allow-origin']).toBe(allowed);
      expect(headers['strict-transport-security']).toBe('max-age=31536000; includeSubDomains');
    }
    const owner = { email: 'owner@example.com', password: PASSWORD, cookie: true };
    const { headers } = await plane.post('/api/auth/login', owner, { token: null }).expect(200);
    expect(headers['set-cookie']?.[0]).toMatch(
      /^__Host-atlas_operator=aos_.*; HttpOnly; SameSite=Lax; Secure$/,
    );
    await plane.close();
  });

  it("refuses a tenant database that the tenant's plane would refuse in production", async () => {
    const plane = await TestControlPlane.boot('postgres', {
      NODE_ENV: 'production',
      METRICS_TOKEN: randomBytes(16).toString('hex'),
    });
    const order = (deployment_model: string, driver: string) =>
      plane.post(
        '/api/tenants/provision?dry_run=true',
        provisionBody({ deployment_model, database: { driver } }),
      );
    expect((await order('dedicated', 'sqlite')).body).toMatchObject({
      status: 422,
      code: 'database_not_in_production',
      detail: expect.stringContaining('Choose postgres'),
    });
    expect((await order('shared', 'sqlite')).body.code).toBe('database_not_in_production');
    for (const [model, driver] of [
      ['dedicated', 'postgres'],
      ['on_prem', 'sqlite'],
    ] as const)
      expect((await order(model, driver)).status).toBe(200);

    // A tenant that already uses SQLite cannot be moved to, or restored on, a plane that refuses SQLite.
    const made = provisionBody({ deployment_model: 'on_prem', database: { driver: 'sqlite' } });
    const { id } = (await plane.post('/api/tenants/provision', made).expect(202)).body.tenant;
    const refused = { status: 422, code: 'database_not_in_production' };
    for (const query of ['?dry_run=true', '']) {
      const move = `/api/tenants/${id}/move${query}`;
      expect((await plane.post(move, { deployment_model: 'dedicated' })).body).toMatchObject(refused);
      const gone = {
        ...({ status: 'deprovisioning', deploymentModel: 'dedicated' } as const),
        restorableUntil: new Date(plane.clock.now().getTime() + 3_600_000),
      };
      await plane.change(Tenant, { id }, gone);
      expect((await plane.post(`/api/tenants/${id}/restore${query}`)).body).toMatchObject(refused);
      await plane.change(Tenant, { id }, { status: 'active', deploymentModel: 'on_prem' });
    }
    expect(await plane.count(ProvisioningJob, { tenantId: id })).toBe(1);
    await plane.close();
  });
});

describe('a request to the Control Plane', () => {
  let plane: TestControlPlane;
  beforeAll(async () => {
    plane = await TestControlPlane.boot('postgres');
  });
  afterAll(() => plane.close());

  const part = (type: string, length: number): Promise<RawAnswer> =>
    sendRaw(
      plane.url,
      `PUT ${PLANE_PATHS.transfers}/x/parts/1 HTTP/1.1\r\nhost: x\r\nconnection: close\r\n` +
        `content-type: ${type}\r\ncontent-length: ` +
        `${length}\r\n\r\n${' '.repeat(length > MAX_PART_LENGTH ? 0 : length)}`,
    );

  it.each([
    ['application/json', 1_048_576],
    [TRANSFER_PART_TYPE, MAX_PART_LENGTH],
  ])('may have a %s body of at most %i bytes', async (type, most) => {
    expect((await part(type, most)).status).not.toBe(413);
    const { status, body } = await part(type, most + 1);
    expect([status, JSON.parse(body)]).toEqual([413, expect.objectContaining({ code: 'body_too_large' })]);
  });

  it('may exceed the response timeout if it is a long poll', async () => {
    // Only the long poll is sent to this process, because on a busy machine other calls might take as long.
    const hasty = await TestControlPlane.open(plane.database, plane.clock, {}, { answerMs: 500 });
    const cell = await plane.enrolledCell();
    const { revision } = await cell.pullAll();
    expect((await cell.copy({ url: hasty.url }).pull(1, revision)).status).toBe(204);
    await hasty.app.close();
  });
});
