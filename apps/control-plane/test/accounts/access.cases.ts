import { type Scope, type OperatorRole, SCOPES } from '@atlas/operator-api';
import supertest from 'supertest';
import { TestControlPlane } from '../control-plane.fixture';

type Access = 'public' | 'signed' | 'any operator' | 'in person' | Scope;

/** Who may call each route, written out rather than derived from the code under test. */
const ROUTES: Readonly<Record<string, Access>> = {
  'DELETE /api/ai/providers/:id': 'ai_providers:write',
  'DELETE /api/api-keys/:id': 'api_keys:write',
  'DELETE /api/auth/sessions/:id': 'in person',
  'DELETE /api/event-subscriptions/:id': 'events:manage',
  'DELETE /api/tenants/:id/provisioning-tokens/:token_id': 'tokens:issue',
  'GET /api/ai/providers': 'ai_providers:write',
  'GET /api/ai/providers/:id': 'ai_providers:write',
  'GET /api/ai/usage': 'tenants:read',
  'GET /api/api-keys': 'api_keys:read',
  'GET /api/audit': 'audit:read',
  'GET /api/audit/chain': 'audit:read',
  'GET /api/auth/me': 'any operator',
  'GET /api/auth/oidc/callback': 'public',
  'GET /api/auth/oidc/start': 'public',
  'GET /api/auth/sessions': 'in person',
  'GET /api/drifts': 'planes:read',
  'GET /api/event-subscriptions': 'events:manage',
  'GET /api/event-subscriptions/:id/deliveries': 'events:manage',
  'GET /api/health': 'public',
  'GET /api/reconcile': 'planes:read',
  'GET /api/operators': 'operators:read',
  'GET /api/operators/:id': 'operators:read',
  'GET /api/provisioning-jobs': 'jobs:read',
  'GET /api/provisioning-jobs/:id': 'jobs:read',
  'GET /api/provisioning-jobs/:id/events': 'jobs:read',
  'GET /api/routing/resolve': 'routing:read',
  'GET /api/sealing-keys': 'planes:read',
  'GET /api/overview': 'tenants:read',
  'GET /api/sign-ups': 'tenants:read',
  'GET /api/tenant-planes': 'planes:read',
  'GET /api/versions': 'planes:read',
  'GET /api/tenant-planes/:id': 'planes:read',
  'GET /api/tenant-planes/self/desired-state': 'signed',
  'GET /api/tenant-planes/self/routes/:slug': 'signed',
  'GET /api/tenant-planes/self/transfers/:id/imported': 'signed',
  'GET /api/tenant-planes/self/transfers/:id/parts/:n': 'signed',
  'GET /api/tenants': 'tenants:read',
  'GET /api/tenants/:id/db-url': 'secrets:read',
  'GET /api/tenants/:id/deletion-certificate': 'tenants:read',
  'GET /api/tenants/:id/provisioning-tokens': 'tokens:read',
  'GET /api/tenants/:id_or_slug': 'tenants:read',
  'GET /health/live': 'public',
  'GET /health/ready': 'public',
  'GET /metrics': 'public',
  'GET /assets/page.css': 'public',
  'GET /assets/page.js': 'public',
  'GET /help': 'public',
  'GET /': 'public',
  'GET /help/:name': 'public',
  'GET /reset-password': 'public',
  'PATCH /api/ai/providers/:id': 'ai_providers:write',
  'PATCH /api/operators/:id': 'operators:write',
  'PATCH /api/tenants/:id': 'tenants:write',
  'POST /api/ai/chat/completions': 'signed',
  'POST /api/ai/providers': 'ai_providers:write',
  'POST /api/api-keys': 'api_keys:write',
  'POST /api/auth/login': 'public',
  'POST /api/auth/logout': 'in person',
  'POST /api/auth/password': 'in person',
  'POST /api/auth/reset-password': 'public',
  'POST /api/signup': 'public',
  'POST /api/signup/verify': 'public',
  'GET /api/sign-in-options': 'public',
  'GET /api/signup/:id': 'public',
  'POST /api/signup/:id/welcome-link': 'public',
  'POST /api/event-subscriptions': 'events:manage',
  'POST /api/event-subscriptions/:id/test': 'events:manage',
  'POST /api/operators': 'operators:write',
  'POST /api/operators/:id/reset-link': 'operators:write',
  'POST /api/provisioning-jobs/:id/cancel': 'jobs:write',
  'POST /api/provisioning-jobs/:id/retry': 'jobs:write',
  'POST /api/provisioning-jobs/:id/rollback': 'jobs:write',
  'POST /api/reconcile': 'planes:write',
  'POST /api/tenant-planes': 'planes:write',
  'POST /api/tenant-planes/:id/drain': 'planes:write',
  'POST /api/tenant-planes/:id/keep-copy': 'planes:write',
  'POST /api/tenant-planes/:id/provisioning-tokens': 'tokens:issue',
  'POST /api/tenant-planes/:id/reopen': 'planes:write',
  'POST /api/tenant-planes/:id/rotate-secret': 'planes:write',
  'POST /api/tenant-planes/:id/upgrade': 'planes:write',
  'POST /api/tenant-planes/enroll': 'signed',
  'POST /api/tenant-planes/enroll-offline': 'planes:write',
  'POST /api/tenant-planes/self/report': 'signed',
  'POST /api/tenant-planes/upgrades': 'planes:write',
  'POST /api/tenants/:id/deprovision': 'tenants:write',
  'POST /api/tenants/:id/move': 'tenants:write',
  'POST /api/tenants/:id/provisioning-tokens': 'tokens:issue',
  'POST /api/tenants/:id/restore': 'tenants:write',
  'POST /api/tenants/:id/resume': 'tenants:write',
  'POST /api/tenants/:id/signup-link': 'tenants:write',
  'POST /api/tenants/:id/billing-state': 'tenants:write',
  'POST /api/tenants/:id/lease': 'tenants:write',
  'GET /api/tenants/:id/usage': 'tenants:read',
  'GET /api/plans': 'tenants:read',
  'POST /api/tenants/:id/suspend': 'tenants:write',
  'POST /api/tenants/provision': 'tenants:provision',
  'PUT /api/tenant-planes/self/transfers/:id/parts/:n': 'signed',
  'PUT /api/tenants/:id/infrastructure': 'secrets:write',
};

/** The scopes of each role, as the API contract states them. */
const MAY: Readonly<Record<OperatorRole, (scope: Scope) => boolean>> = {
  owner: (scope) => !scope.startsWith('secrets:'),
  admin: (scope) =>
    !scope.startsWith('secrets:') && !['operators:write', 'ai_providers:write'].includes(scope),
  support: (scope) => !scope.startsWith('secrets:') && scope.endsWith(':read'),
};

const SIGN_OUT = 'POST /api/auth/logout';
const UNLISTED = /^(GET|OPTIONS) \/(docs|openapi|\*)/;
const ID = '01900000-0000-7000-8000-000000000000';

interface Caller {
  readonly name: string;
  readonly token: string;
  readonly may: (access: Access) => boolean;
}

/**
 * Each route admits exactly the roles and scopes that the table allows. Runs on one database only,
 * because the driver makes no difference. To see it fail: change `@Requires` of any route; in
 * `SCOPES_OF_ROLE`, give an admin the scopes of an owner; or have `isMet` accept API keys as sessions.
 */
describe('every route of the Control Plane', () => {
  let plane: TestControlPlane;
  let callers: Caller[];
  beforeAll(async () => {
    plane = await TestControlPlane.boot('sqlite');
    await plane.createOperator('admin@example.com', 'admin');
    await plane.createOperator('support@example.com', 'support');
    const roles = await Promise.all(
      (['owner', 'admin', 'support'] as const).map(async (role) => ({
        name: role,
        token: await plane.login(`${role}@example.com`),
        may: (access: Access) =>
          ['public', 'any operator', 'in person'].includes(access) || MAY[role](access as Scope),
      })),
    );
    const keys = await Promise.all(
      SCOPES.map(async (scope) => ({
        name: `an API key with ${scope}`,
        token: await plane.createApiKey([scope]),
        may: (access: Access) => ['public', 'any operator', scope].includes(access),
      })),
    );
    callers = [...roles, ...keys];
  });
  afterAll(() => plane.close());

  it('is listed in the access table', () => {
    const registered = plane.routes.filter((route) => !UNLISTED.test(route));
    expect([...registered].sort()).toEqual(Object.keys(ROUTES).sort());
  });

  /** Returns how the route treats the caller. The body sent here is not valid for any route. */
  const outcomeOf = async (route: string, { token }: Caller): Promise<string> => {
    const [method = '', path = ''] = route.split(' ');
    const call = supertest(plane.url)[method.toLowerCase() as 'get'](path.replaceAll(/:\w+/g, ID));
    const { status, body } = await call
      .set('authorization', `Bearer ${token}`)
      .send(method === 'GET' ? undefined : {});
    if (status === 401 && body.code === 'bad_signature') return 'signed';
    if (status === 403 && body.code === 'forbidden') return 'forbidden';
    return status < 500 && body?.code !== 'unauthenticated' ? 'let in' : `${status} ${body.code}`;
  };

  it('admits the callers that the access table allows, and returns 403 to all others', async () => {
    const wrong: string[] = [];
    const call = async (route: string, access: Access, caller: Caller): Promise<void> => {
      const expected = access === 'signed' ? 'signed' : caller.may(access) ? 'let in' : 'forbidden';
      const outcome = await outcomeOf(route, caller);
      if (outcome !== expected) wrong.push(`${route}: ${caller.name} is ${outcome}, not ${expected}`);
    };
    const { [SIGN_OUT]: signOut, ...others } = ROUTES;
    for (const caller of callers)
      await Promise.all(Object.entries(others).map(([route, access]) => call(route, access, caller)));
    for (const caller of callers) await call(SIGN_OUT, signOut as Access, caller);
    expect(wrong).toEqual([]);
  });
});
