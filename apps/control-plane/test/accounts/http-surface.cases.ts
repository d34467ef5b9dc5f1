import 'reflect-metadata';
import { IS_PUBLIC, createHttpApp } from '@atlas/platform';
import { RequestMethod } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import { asAdmin, createTestDatabase, testServerUrl } from '@atlas/testing';
import { type FastifyInstance } from 'fastify';
import supertest from 'supertest';
import { AppModule } from '../../src/app.module';
import { HTTP_APP } from '../../src/http-app.options';
import { TestControlPlane, environmentFor } from '../control-plane.fixture';
import { refusal } from '../plane-simulator.fixture';

const METRICS_TOKEN = 'a token for the scraper';
const WITHOUT_PREFIX = [
  '',
  'health/live',
  'health/ready',
  'api/health',
  'metrics',
  'reset-password',
  'assets/page.css',
  'assets/page.js',
  'help',
  'help/:name',
];

interface Route {
  readonly method: 'get' | 'post' | 'put' | 'patch' | 'delete';
  /** In OpenAPI notation: `/api/tenants/{id}`. */
  readonly path: string;
  readonly isPublic: boolean;
}

/** Runs on one database only, because the driver makes no difference. */
describe('the HTTP API of the Control Plane', () => {
  let plane: TestControlPlane;
  let routes: Route[];
  beforeAll(async () => {
    plane = await TestControlPlane.boot('postgres', { METRICS_TOKEN });
    routes = routesOf(plane.app.get(ModulesContainer));
  });
  afterAll(() => plane.close());

  it('has routes for the tests below to check', () => {
    expect(routes.length).toBeGreaterThan(20);
    expect(routes).toContainEqual({ method: 'post', path: '/api/tenants/provision', isPublic: false });
  });

  it('refuses anonymous calls to every route that is not public', async () => {
    for (const { method, path } of routes.filter(({ isPublic }) => !isPublic)) {
      const url = path.replaceAll(/\{\w+\}/g, '01900000-0000-7000-8000-000000000000');
      const answer = await supertest(plane.url)
        [method](url)
        .send(method === 'get' ? undefined : {});
      expect([method, path, answer.status]).toEqual([method, path, 401]);
      expect(answer.body.code).toMatch(/^(unauthenticated|bad_signature)$/);
    }
  });

  it('refuses unknown fields in the body of every route, even of one that takes no body', async () => {
    // Calls of tenant planes are signed, and no operator may record infrastructure, only an API key.
    const isForOthers = /self|enroll$|chat|infrastructure/;
    const writing = routes.filter(({ method, path }) => method !== 'get' && !isForOthers.test(path));
    for (const { method, path } of writing.filter(({ isPublic }) => !isPublic)) {
      const url = path.replaceAll(/\{\w+\}/g, '01900000-0000-7000-8000-000000000000');
      const { status, body } = await supertest(plane.url)
        [method](url)
        .set('authorization', `Bearer ${plane.session}`)
        .send({ surprise: true });
      expect([method, path, status, body.code]).toEqual([method, path, 400, 'validation_failed']);
      const fields = body.errors.map(({ field }: { field: string }) => field);
      expect([path, fields]).toEqual([path, expect.arrayContaining(['surprise'])]);
    }
    const misplaced = await plane.post(
      '/api/tenants/acme/resume',
      { dry_run: true },
      { token: plane.session },
    );
    expect(misplaced.body.errors[0].message).toContain('dry_run should not exist');
  });

  it('names at most 100 of the fields that are wrong', async () => {
    const many = Object.fromEntries(Array.from({ length: 1000 }, (_, n) => [`surprise_${n}`, 1]));
    const { body } = await plane.post('/api/tenants/acme/resume', many, { token: plane.session }).expect(400);
    expect(body.errors).toHaveLength(100);
  });

  it('has public routes only for signing in, signing up, health, metrics and pages', () => {
    const open = routes.filter(({ isPublic }) => isPublic).map(({ path }) => path);
    expect(open.sort()).toEqual([
      '/',
      '/api/auth/login',
      '/api/auth/oidc/callback',
      '/api/auth/oidc/start',
      '/api/auth/reset-password',
      '/api/health',
      '/api/sign-in-options',
      '/api/signup',
      '/api/signup/verify',
      '/api/signup/{id}',
      '/api/signup/{id}/welcome-link',
      '/assets/page.css',
      '/assets/page.js',
      '/health/live',
      '/health/ready',
      '/help',
      '/help/{name}',
      '/metrics',
      '/reset-password',
    ]);
  });

  it('links only to existing pages from its root URL', async () => {
    const { body } = await plane.get('/', { token: null }).expect(200);
    for (const path of Object.values<string>(body.links)) await plane.get(path, { token: null }).expect(200);
  });

  it('words the page behind the link of an operator for a first password, too', async () => {
    const { text } = await plane.get('/reset-password', { token: null }).expect(200);
    expect(text).toContain('<title>Choose your password');
    expect(text).not.toMatch(/\breset link\b|new password<\/h1>/);
  });

  it('leads browsers from its root URL to the console', async () => {
    const { headers } = await plane
      .get('/', { token: null })
      .set('accept', 'text/html,application/xhtml+xml,*/*;q=0.8')
      .expect(302);
    expect(headers).toMatchObject({ location: '/console', vary: 'accept' });
  });

  it('responds to requests that arrive during shutdown, and closes their connections', async () => {
    const database = await createTestDatabase('sqlite');
    const app = await createHttpApp(AppModule.forEnvironment(environmentFor(database)), {
      ...HTTP_APP,
      logger: false,
    });
    const answers: unknown[] = [];
    const server = app.getHttpAdapter().getInstance() as unknown as FastifyInstance;
    server.addHook('preClose', async () => {
      const { status, headers } = await fetch(`${await app.getUrl()}/openapi.json`);
      answers.push([status, headers.get('connection')]);
    });
    await app.listen(0, '127.0.0.1');
    await app.close();
    expect(answers).toEqual([[200, 'close']]);
    await database.drop();
  });

  it('describes every route of the API in OpenAPI 3.1', async () => {
    const { body } = await plane.get('/openapi.json', { token: null }).expect(200);
    expect(body.openapi).toMatch(/^3\.1\./);
    const named = Object.entries(body.paths as Record<string, object>).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method} ${path}`),
    );
    const left = WITHOUT_PREFIX.map((path) => `/${described(path)}`);
    const served = routes.filter(({ path }) => !left.includes(path));
    expect(named.sort()).toEqual(served.map(({ method, path }) => `${method} ${path}`).sort());
    expect(body.components.schemas.ProvisionTenantDto.required.sort()).toEqual([
      'admin_email',
      'deployment_model',
      'name',
    ]);
  });

  it('serves its OpenAPI description as a web page', async () => {
    const [page, script] = [
      await plane.get('/docs', { token: null }).expect(200),
      await plane.get('/docs/swagger-ui-init.js', { token: null }).expect(200),
    ];
    expect(page.text).toContain('swagger-ui-init.js');
    expect(script.text).toContain('Atlas Control Plane');
    await plane.get('/docs/swagger-ui-bundle.js', { token: null }).expect(200);
    expect(refusal(await plane.get('/docs/nothing.js', { token: null }))).toEqual([404, 'not_found']);
  });

  it('reports that it is alive and ready', async () => {
    expect((await plane.get('/health/live', { token: null })).body).toMatchObject({ status: 'ok' });
    for (const path of ['/health/ready', '/api/health']) {
      const { status, body } = await plane.get(path, { token: null });
      expect([status, body.status, body.details.database.status]).toEqual([200, 'ok', 'up']);
    }
  });

  it('serves metrics only to callers that send METRICS_TOKEN', async () => {
    for (const token of [null, 'wrong', `${METRICS_TOKEN}!`, plane.apiKey]) {
      expect(refusal(await plane.get('/metrics', { token }))).toEqual([401, 'unauthenticated']);
    }
    await plane.get('/api/tenants/a-slug').expect(404);
    const { status, text } = await plane.get('/metrics', { token: METRICS_TOKEN });
    expect(status).toBe(200);
    const answered = 'method="GET",route="/api/tenants/:id_or_slug",status="404"';
    expect(text).toContain(`http_request_duration_seconds_count{${answered}} 1`);
    expect(text).not.toMatch(/a-slug|tenant_id=/);
  });

  it.each([
    ['that is unknown', '/api/nothing', 404, 'not_found'],
    ['that is not a valid URL', '/api/tenants/%zz', 400, 'malformed_request'],
    ['with an overlong segment', `/api/tenants/${'a'.repeat(201)}`, 400, 'malformed_request'],
  ])(
    "responds to a path %s with a problem document that contains the caller's trace id",
    async (_, path, status, code) => {
      const trace = '0af7651916cd43dd8448eb211c80319c';
      const headers = { traceparent: `00-${trace}-b7ad6b7169203331-01` };
      const answer = await plane.get(path, { headers });
      expect(answer.headers['content-type']).toMatch('application/problem+json');
      expect(answer.headers['x-trace-id']).toBe(trace);
      expect([answer.status, answer.body]).toMatchObject([status, { status, code, trace_id: trace }]);
    },
  );
});

describe('a Control Plane whose database is unavailable', () => {
  it('responds with 503 and Retry-After until the database is back', async () => {
    const plane = await TestControlPlane.boot('postgres');
    const name = new URL(plane.database.url).pathname.slice(1);
    const onServer = (sql: string) => asAdmin(testServerUrl(), (client) => client.query(sql));
    try {
      await onServer(`alter database ${name} allow_connections false`);
      await onServer(`select pg_terminate_backend(pid) from pg_stat_activity where datname = '${name}'`);
      const answer = await plane.get('/api/tenants');
      expect(refusal(answer)).toEqual([503, 'database_unavailable']);
      expect(answer.headers['retry-after']).toBe('5');
      await onServer(`alter database ${name} allow_connections true`);
      await plane.get('/api/tenants').expect(200);
    } finally {
      await onServer(`alter database ${name} allow_connections true`);
      await plane.close();
    }
  });
});

describe('a Control Plane without METRICS_TOKEN', () => {
  it('serves metrics to anyone', async () => {
    const plane = await TestControlPlane.boot('sqlite');
    expect((await plane.get('/metrics', { token: null })).status).toBe(200);
    await plane.close();
  });
});

/** Returns every route that the Nest controllers declare. */
function routesOf(modules: ModulesContainer): Route[] {
  return [...modules.values()]
    .flatMap((module) => [...module.controllers.values()])
    .flatMap(({ metatype }) => (typeof metatype === 'function' ? routesOfController(metatype) : []));
}

function routesOfController(controller: { name: string; prototype?: unknown } & object): Route[] {
  const prototype = controller.prototype as Record<string, object>;
  const [base] = texts(Reflect.getMetadata('path', controller));
  return Object.getOwnPropertyNames(prototype).flatMap((name) => {
    const handler = prototype[name];
    const method: unknown =
      typeof handler === 'function' ? Reflect.getMetadata('method', handler) : undefined;
    if (typeof method !== 'number' || !handler) return [];
    const isPublic = [handler, controller].some((place) => Reflect.getMetadata(IS_PUBLIC, place) === true);
    const verb = RequestMethod[method]?.toLowerCase() as Route['method'];
    return texts(Reflect.getMetadata('path', handler)).map((own) => ({
      method: verb,
      path: openApiPath(verb, base ?? '', own),
      isPublic,
    }));
  });
}

function openApiPath(method: Route['method'], base: string, own: string): string {
  const path = [base, own]
    .map((part) => part.replace(/^\/|\/$/g, ''))
    .filter(Boolean)
    .join('/');
  const prefixed = method === 'get' && WITHOUT_PREFIX.includes(path) ? path : `api/${path}`;
  return `/${described(prefixed)}`;
}

function described(path: string): string {
  return path.replaceAll(/:(\w+)/g, '{$1}');
}

function texts(value: unknown): string[] {
  return (Array.isArray(value) ? value : [value]).map(String);
}
