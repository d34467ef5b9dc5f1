import { randomUUID } from 'node:crypto';
import { FIXTURES, type Fixture, type FurtherRoute } from '@atlas/isolation';
import { type UserRole, USER_ROLES } from '@atlas/tenant-api/users';
import { EVERY_DATABASE } from '@atlas/testing';
import { PASSWORD, TestTenantPlane } from '../tenant-plane.fixture';

interface Route {
  readonly method: 'get' | 'post' | 'put' | 'patch' | 'delete';
  readonly path: string;
  readonly body?: object;
  /** The roles that may call the route, written out rather than read from the tested code. */
  readonly roles: readonly UserRole[];
  /** The HTTP status that those roles get. */
  readonly status: number;
}

const EVERYONE = USER_ROLES;
const FULFILLING = ['admin', 'operator', 'fulfiller'] as const;
const OPERATING = ['admin', 'operator'] as const;
const ID = randomUUID();

/** The routes that a feature may have for its resources. */
function routesOn({ path, body, change, least, routes = {} }: Fixture): Route[] {
  const upFrom = (role: UserRole): UserRole[] => USER_ROLES.slice(0, USER_ROLES.indexOf(role) + 1);
  const [one, changers] = [`${path}/${ID}`, upFrom(least.change ?? least.create)];
  return [
    { method: 'get', path, roles: upFrom(least.read), status: 200 },
    { method: 'get', path: one, roles: upFrom(least.read), status: 404 },
    { method: 'post', path, body: body('x'), roles: upFrom(least.create), status: 201 },
    { method: 'patch', path: one, body: change?.({ subjects: {} }), roles: changers, status: 404 },
    { method: 'put', path: one, body: change?.({ subjects: {} }), roles: changers, status: 404 },
    { method: 'delete', path: one, roles: changers, status: 404 },
    ...Object.entries(routes).map(([name, further]) => furtherRoute(name, further, upFrom)),
  ];
}

function furtherRoute(
  name: string,
  { least, keyOf, body, statusAlone }: FurtherRoute,
  upFrom: (role: UserRole) => UserRole[],
): Route {
  const [method = '', path = ''] = name.split(' ');
  const created = method === 'POST' ? 201 : 200;
  return {
    // The names of fixtures' routes begin with a method.
    method: method.toLowerCase() as Route['method'],
    path: path.replace(':id', ID),
    body: body?.({ subjects: {} }, 'x'),
    // A session is no key, whatever its role.
    roles: least ? upFrom(least) : EVERYONE,
    status: keyOf ? 401 : (statusAlone ?? (path.includes('/:id') ? 404 : created)),
  };
}

const ROUTES: readonly Route[] = [
  { method: 'get', path: '/api/auth/me', roles: EVERYONE, status: 200 },
  { method: 'get', path: '/api/onboarding', roles: EVERYONE, status: 200 },
  {
    method: 'post',
    path: '/api/onboarding/steps/ai/skip',
    body: { reason: 'No AI' },
    roles: ['admin'],
    status: 200,
  },
  { method: 'post', path: `/api/ai/incidents/${ID}/analysis`, roles: FULFILLING, status: 404 },
  { method: 'post', path: `/api/ai/incidents/${ID}/runbook-draft`, roles: OPERATING, status: 404 },
  { method: 'get', path: '/api/ai/settings', roles: FULFILLING, status: 200 },
  {
    method: 'put',
    path: '/api/ai/settings',
    body: { allow_control_plane: true },
    roles: ['admin'],
    status: 200,
  },
  { method: 'get', path: '/api/entitlements', roles: EVERYONE, status: 200 },
  { method: 'get', path: '/api/outage-contract', roles: EVERYONE, status: 200 },
  {
    method: 'post',
    path: '/api/entitlements/lease',
    body: { lease: 'x' },
    roles: ['admin'],
    status: 409,
  },
  { method: 'get', path: '/api/deployment', roles: OPERATING, status: 200 },
  { method: 'get', path: '/api/people', roles: FULFILLING, status: 200 },
  { method: 'get', path: '/api/users', roles: OPERATING, status: 200 },
  { method: 'get', path: `/api/users/${ID}`, roles: OPERATING, status: 404 },
  { method: 'patch', path: `/api/users/${ID}`, body: { name: 'x' }, roles: ['admin'], status: 404 },
  {
    method: 'post',
    path: '/api/auth/invite',
    body: { email: 'new@example.com', role: 'requester' },
    roles: ['admin'],
    status: 201,
  },
  { method: 'get', path: '/api/audit', roles: ['admin'], status: 200 },
  { method: 'get', path: '/api/audit/chain', roles: ['admin'], status: 200 },
  { method: 'get', path: '/api/residency', roles: ['admin'], status: 200 },
  { method: 'get', path: '/api/residency/ledger', roles: ['admin'], status: 200 },
  { method: 'get', path: '/api/residency/ledger/export', roles: ['admin'], status: 200 },
  { method: 'get', path: '/api/exports', roles: ['admin'], status: 200 },
  { method: 'post', path: '/api/exports', roles: ['admin'], status: 202 },
  { method: 'get', path: `/api/exports/${ID}`, roles: ['admin'], status: 404 },
  { method: 'get', path: `/api/exports/${ID}/download`, roles: ['admin'], status: 404 },
  // An import takes only gzip.
  { method: 'post', path: '/api/imports', roles: ['admin'], status: 415 },
  { method: 'get', path: `/api/imports/${ID}`, roles: ['admin'], status: 404 },
  { method: 'get', path: '/api/moves', roles: ['admin'], status: 200 },
  { method: 'post', path: '/api/moves/consent', roles: ['admin'], status: 409 },
  { method: 'get', path: '/api/integrations/control-plane', roles: OPERATING, status: 200 },
  {
    method: 'post',
    path: '/api/auth/password',
    roles: EVERYONE,
    status: 204,
    body: { current_password: PASSWORD, new_password: `${PASSWORD} again` },
  },
  { method: 'get', path: '/api/identity-provider', roles: ['admin'], status: 200 },
  {
    method: 'put',
    path: '/api/identity-provider',
    roles: ['admin'],
    status: 200,
    body: { issuer: 'https://login.example.com', client_id: 'atlas' },
  },
  { method: 'delete', path: '/api/identity-provider', roles: ['admin'], status: 204 },
  { method: 'post', path: '/api/auth/logout', roles: EVERYONE, status: 204 },
];

function nameOf({ method, path }: Route): string {
  const pattern = path.replace(ID, '{id}').replace('/steps/ai/', '/steps/{step}/');
  return `${method} ${pattern.replace('/:key', '/{key}')}`;
}

describe.each(EVERY_DATABASE)('the permissions of each role on %s', (driver) => {
  let plane: TestTenantPlane;
  /** `<method> <path>` of each route in the plane's API description. */
  let described: string[];
  let routes: readonly Route[];
  const sessions = new Map<UserRole, string>();

  /** The first admin signs up and invites all other users. */
  beforeAll(async () => {
    plane = await TestTenantPlane.boot(driver);
    const tenant = await plane.tenant('acme', { plan: 'operations' });
    const admin = await plane.signUp(tenant);
    sessions.set('admin', admin);
    for (const role of USER_ROLES.slice(1)) sessions.set(role, await plane.join(tenant, admin, role));
    const { body } = await plane.get('/openapi.json').expect(200);
    described = Object.entries<object>(body.paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method} ${path}`),
    );
    const onThings = FIXTURES.flatMap(routesOn).filter((route) => described.includes(nameOf(route)));
    routes = [...onThings, ...ROUTES];
  });
  afterAll(() => plane.close());

  const call = ({ method, path, body }: Route, session: string | undefined) =>
    method === 'get' || method === 'delete'
      ? plane[method](path, { session })
      : method === 'post'
        ? plane.post(path, body, { session })
        : plane[method](path, body ?? {}, { session });

  it.each(USER_ROLES)('allow exactly the listed routes: %s', async (role) => {
    const session = sessions.get(role);
    const answers: string[] = [];
    for (const route of routes) {
      const { status, body } = await call(route, session);
      answers.push(`${route.method} ${route.path}: ${status} ${status === 403 ? body.code : ''}`);
    }
    const expected = routes.map(
      ({ method, path, roles, status }) =>
        `${method} ${path}: ${roles.includes(role) ? `${status} ` : '403 forbidden'}`,
    );
    expect(answers).toEqual(expected);
  });

  it('cover every route that requires a session', () => {
    const open = [
      'auth/token',
      'auth/refresh',
      'auth/register',
      'auth/signup-exchange',
      'tenant-default',
      'auth/forgot-password',
      'auth/reset-password',
      'oidc/start',
      'oidc/callback',
    ];
    const closed = described.filter((name) => !open.some((one) => name.endsWith(one)));
    expect(routes.map(nameOf).sort()).toEqual(closed.sort());
  });
});
