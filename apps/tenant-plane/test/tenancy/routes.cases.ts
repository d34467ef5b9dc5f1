import { randomUUID } from 'node:crypto';
import { type Route, nameOf } from '@atlas/isolation';
import { type DesiredTenant } from '@atlas/plane-contract';
import { EVERY_DATABASE } from '@atlas/testing';
import supertest from 'supertest';
import { type CallOptions, TestTenantPlane, hostOf } from '../tenant-plane.fixture';

interface Operation {
  readonly parameters?: readonly { readonly name: string }[];
}

/** Public routes, whose callers have no session yet or are machines. */
const PUBLIC = [
  'POST /api/auth/signup-exchange',
  'POST /api/auth/token',
  'POST /api/auth/refresh',
  'GET /api/auth/oidc/start',
  'GET /api/auth/oidc/callback',
  'POST /api/auth/register',
  'POST /api/auth/forgot-password',
  'POST /api/auth/reset-password',
  'GET /api/tenant-default',
  'GET /',
  'GET /signup',
  'GET /reset-password',
  'GET /assets/:file',
  'GET /assets/page.css',
  'GET /assets/page.js',
  'GET /help',
  'GET /help/:name',
  'GET /health/live',
  'GET /health/ready',
  'GET /api/health',
  'GET /metrics',
];
const METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'];

/**
 * Lists the routes from the tree that Fastify prints without common prefixes. The API's own description may
 * omit some of them.
 */
function routesOf(printed: string): Route[] {
  const parts: string[] = [];
  return printed.split('\n').flatMap((line) => {
    const branch = /^((?:│ {3}| {4})*)(?:├── |└── )(\S+)(?: \(([A-Z, ]+)\))?$/;
    const match = branch.exec(line.trimEnd());
    if (!match) return [];
    const [, indent = '', part = '', methods = ''] = match;
    parts.splice(indent.length / 4, Infinity, part);
    const path = parts.join('').replaceAll('//', '/');
    const listed = methods.split(', ').filter((method) => METHODS.includes(method));
    return listed.map((method) => ({ method, path }));
  });
}

interface Description {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
}

function operationsOf({ paths }: Description): Record<string, Operation> {
  const all = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(
      ([method, operation]) =>
        [
          nameOf({ method: method.toUpperCase(), path: path.replaceAll(/\{(\w+)\}/g, ':$1') }),
          operation,
        ] as const,
    ),
  );
  return Object.fromEntries(all);
}

describe.each(EVERY_DATABASE)('the routes on %s', (driver) => {
  let plane: TestTenantPlane;
  let routes: Route[];
  /** The operations in the plane's API description, by route name. */
  let operations: Readonly<Record<string, Operation>>;
  let tenant: DesiredTenant;
  let admin: CallOptions;
  const host = hostOf('acme');

  beforeAll(async () => {
    plane = await TestTenantPlane.boot(driver);
    ({ tenant, admin } = await plane.tenantWithAdmin('acme'));
    // No route is refused because of its module.
    tenant = await plane.tenant('acme', { ...tenant, plan: 'enterprise', entry_revision: 2 });
    const printed = plane.app.getHttpAdapter().getInstance().printRoutes({ commonPrefix: false });
    routes = routesOf(printed).filter(({ path }) => !/^\/(docs|openapi|\*)/.test(path));
    operations = operationsOf((await plane.get('/openapi.json').expect(200)).body);
  });
  afterAll(() => plane.close());

  const call = ({ method, path }: Route, headers: Record<string, string>): supertest.Test => {
    const url = path.replaceAll(/:\w+/g, randomUUID());
    const agent = supertest(plane.url);
    const test = {
      GET: agent.get,
      POST: agent.post,
      PUT: agent.put,
      PATCH: agent.patch,
      DELETE: agent.delete,
    }[method];
    if (!test) throw new Error(`No such method: ${method}`);
    return test(url).set({ host, ...headers });
  };
  const guarded = (): Route[] => routes.filter((route) => !PUBLIC.includes(nameOf(route)));

  it('are exactly the routes of the contract', () => {
    const inContract = Object.keys(operations).filter((name) => !PUBLIC.includes(name));
    expect(guarded().map(nameOf).sort()).toEqual(inContract.sort());
    expect(routes.map(nameOf)).toEqual(expect.arrayContaining(PUBLIC));
  });

  it.each<[string, Record<string, string>]>([
    ['no session', {}],
    ['an unknown session', { authorization: `Bearer atu_${randomUUID()}_${'A'.repeat(43)}` }],
    ['another authorization scheme', { authorization: 'Basic YWRtaW46YWRtaW4=' }],
    ['an empty cookie', { cookie: 'atlas_session=' }],
  ])('refuse requests with %s, unless they are public routes', async (_, headers) => {
    for (const route of guarded()) {
      const { status, body } = await call(route, headers);
      expect([route, status, body.code]).toEqual([route, 401, 'unauthenticated']);
    }
  });

  it('refuse unknown fields in bodies and queries', async () => {
    const session = { authorization: `Bearer ${admin.session}` };
    const withBody = routes.filter(
      ({ method, path }) => method !== 'GET' && !/ingest|imports|agent\/|agents\/:id/.test(path),
    );
    for (const route of withBody) {
      const { status, body } = await call(route, session).send({ surprise: true });
      expect([route, status, body.code]).toEqual([route, 400, 'validation_failed']);
      const fields = body.errors.map(({ field }: { field: string }) => field);
      expect([route, fields]).toEqual([route, expect.arrayContaining(['surprise'])]);
    }
    const lists = Object.entries(operations).filter(([, { parameters = [] }]) =>
      parameters.some(({ name }) => name === 'cursor'),
    );
    expect(lists).not.toEqual([]);
    for (const [list] of lists)
      await call({ method: 'GET', path: `${list.replace('GET ', '')}?surprise=1` }, session).expect(400);
  });

  it('accept an empty object, but nothing else, if they take no body', async () => {
    const url = '/api/exports';
    await plane.post(url, {}, admin).expect(202);
    for (const body of ['[]', '[1]', 'null', '"text"', '0', '{"dry_run":true}']) {
      const answer = await plane.post(url, undefined, admin).type('application/json').send(body);
      expect([body, answer.status, answer.body.code]).toEqual([body, 400, 'validation_failed']);
    }
    const yaml = await plane.post(url, undefined, admin).type('application/yaml').send('a: 1');
    expect([yaml.status, yaml.body.code]).toEqual([400, 'validation_failed']);
  });

  it('return a problem document for an unknown path', async () => {
    for (const path of ['/api/nothing', '/nothing', '/api/incidents/1/2']) {
      const answer = await plane.get(path, admin).expect(404);
      expect(answer.headers['content-type']).toContain('application/problem+json');
      expect(answer.body).toMatchObject({ status: 404, code: 'not_found', trace_id: expect.any(String) });
    }
  });

  it.each([
    ['broken JSON', '{"title":', 'application/json', 400],
    ['a JSON list', '[1]', 'application/json', 400],
    ['a JSON string', '"title"', 'application/json', 400],
    ['empty', '', 'application/json', 400],
    ['poisoned JSON', '{"__proto__":{"title":"x"}}', 'application/json', 400],
    ['a form', 'title=Planted&severity=P1', 'application/x-www-form-urlencoded', 415],
    ['plain text', '{"title":"x","severity":"P1"}', 'text/plain', 415],
    ['XML', '<title/>', 'application/xml', 415],
    ['more than a megabyte', JSON.stringify({ title: 'x'.repeat(1_100_000) }), 'application/json', 413],
  ])('refuse a body that is %s', async (_, body, type, status) => {
    const answer = await plane.post('/api/incidents', undefined, admin).type(type).send(body);
    expect([answer.status, answer.body.code]).toEqual([status, expect.any(String)]);
    expect(answer.headers['content-type']).toContain('application/problem+json');
  });

  it('are all described in OpenAPI 3.1, except health, metrics and page routes', async () => {
    const { body } = await plane.get('/openapi.json').expect(200);
    expect(body.openapi).toMatch(/^3\.1\./);
    const expected = routes
      .map(nameOf)
      .filter((route) => !/health|metrics|assets|help| \/(signup|reset-password)?$/.test(route));
    expect(Object.keys(operations).sort()).toEqual(expected.sort());
    await plane.get('/docs').expect(200);
  });

  it.each(['/health/live', '/health/ready', '/api/health'])('report health at %s', async (path) => {
    expect((await plane.get(path).expect(200)).body.status).toBe('ok');
  });

  it('appear in the metrics by pattern, without naming a tenant', async () => {
    await plane.get(`/api/incidents/${randomUUID()}`, admin).expect(404);
    const { text } = await plane.get('/metrics').expect(200);
    expect(text).toContain('route="/api/incidents/:id"');
    for (const name of [tenant.tenant_id, 'acme']) expect(text).not.toContain(name);
  });

  it("continue the caller's trace", async () => {
    const traceId = '0af7651916cd43dd8448eb211c80319c';
    const headers = { traceparent: `00-${traceId}-b7ad6b7169203331-01` };
    const answer = await plane.get('/api/incidents', { host, headers }).expect(401);
    expect([answer.body.trace_id, answer.headers['x-trace-id']]).toEqual([traceId, traceId]);
  });
});

describe('the metrics of a plane with METRICS_TOKEN', () => {
  it('require that token', async () => {
    const plane = await TestTenantPlane.boot('sqlite', { env: { METRICS_TOKEN: 'a token for metrics' } });
    await plane.get('/metrics').expect(401);
    await plane.get('/metrics', { headers: { authorization: 'Bearer a token for metricz' } }).expect(401);
    await plane.get('/metrics', { headers: { authorization: 'Bearer a token for metrics' } }).expect(200);
    await plane.close();
  });
});
