import { type Fixture, type FurtherRoute } from './fixtures/fixture';
import { FIXTURES } from './fixtures/fixtures';
import { type Party } from './party';
import { type Lines, type Route, type RouteLine, nameOf } from './route-line';

const PASSWORD = 'correct horse battery staple';
const neverSent = (tenantId: string): string => `atn_${tenantId}_${'A'.repeat(43)}`;

/** The lines for Tenant Plane routes that are not derived from a fixture. */
const WRITTEN_OUT: Lines<RouteLine> = {
  'POST /api/ai/incidents/:id/analysis': {
    verb: 'write',
    path: { id: 'incident' },
    // Without a provider the plane refuses, but only after it has found the incident.
    answers: [200, 403, 503],
  },
  'POST /api/ai/incidents/:id/runbook-draft': {
    verb: 'write',
    path: { id: 'incident' },
    // As above. 403: a smaller plan does not include drafts.
    answers: [200, 403, 503],
  },
  'GET /api/ai/settings': { verb: 'read' },
  'PUT /api/ai/settings': {
    verb: 'write',
    body: () => ({ allow_control_plane: true }),
    harm: 'its AI questions would be sent through the Control Plane',
  },
  'GET /api/entitlements': { verb: 'read' },
  'GET /api/outage-contract': { verb: 'read' },
  'POST /api/entitlements/lease': {
    verb: 'write',
    body: () => ({ lease: 'isolation-probe' }),
    answers: [409],
    harm: 'its plan would change',
  },
  'GET /api/moves': { verb: 'list' },
  'POST /api/moves/consent': {
    verb: 'write',
    answers: [200, 409],
    harm: "a move waiting for its admin's consent would be approved",
  },
  'GET /api/exports': { verb: 'list', query: { cursor: 'export' } },
  'POST /api/exports': {
    verb: 'write',
    isRepeatable: true,
    // Another export of the tenant may still be running.
    answers: [202, 409],
    harm: 'all of its data would be written to an archive',
  },
  'GET /api/exports/:id': { verb: 'read', path: { id: 'export' } },
  'GET /api/exports/:id/download': { verb: 'read', path: { id: 'export' } },
  'POST /api/imports': {
    verb: 'write',
    // Bodies are JSON here, and an import takes only gzip.
    answers: [415],
    harm: 'foreign data would be added to its own',
  },
  'GET /api/imports/:id': { verb: 'read', path: { id: 'import' } },
  'GET /api/onboarding': { verb: 'list' },
  'POST /api/onboarding/steps/:step/skip': {
    verb: 'write',
    path: { step: { text: 'ai' } },
    body: () => ({ reason: 'isolation-probe' }),
    harm: 'a step of its onboarding would be skipped',
  },
  'GET /api/audit': { verb: 'list', query: { cursor: 'auditEvent' } },
  'GET /api/audit/chain': { verb: 'export' },
  'GET /api/residency': { verb: 'read' },
  'GET /api/residency/ledger': { verb: 'list', query: { cursor: 'auditEvent' } },
  'GET /api/residency/ledger/export': { verb: 'export' },
  'GET /api/integrations/control-plane': { verb: 'read' },

  'GET /api/deployment': { verb: 'read' },
  'GET /api/people': { verb: 'list', query: { cursor: 'user', ids: 'user' } },
  'GET /api/users': { verb: 'list', query: { cursor: 'user' } },
  'GET /api/users/:id': { verb: 'read', path: { id: 'user' } },
  'PATCH /api/users/:id': {
    verb: 'write',
    path: { id: 'user' },
    body: () => ({ name: 'Isolation probe' }),
    harm: 'one of its users would be renamed',
  },
  'POST /api/auth/invite': {
    verb: 'write',
    body: () => ({ email: 'isolation-probe@nobody.invalid', role: 'requester' }),
    harm: 'someone would be invited to it',
  },
  'GET /api/identity-provider': { verb: 'read' },
  'PUT /api/identity-provider': {
    verb: 'write',
    body: () => ({ issuer: 'https://login.invalid', client_id: 'isolation-probe' }),
    harm: 'its users would sign in elsewhere',
  },
  'DELETE /api/identity-provider': {
    verb: 'write',
    answers: [204, 404],
    harm: 'its users could no longer sign in through their provider',
  },

  'GET /api/auth/me': { verb: 'read' },
  'POST /api/auth/logout': { verb: 'write', endsSession: true, harm: 'the calling session would be revoked' },
  'POST /api/auth/token': {
    verb: 'write',
    audience: 'anybody',
    body: ({ credentials }) => credentials && { email: credentials.email, password: credentials.password },
    nested: (_own, { credentials }) => [
      credentials && { email: credentials.email, password: credentials.password },
    ],
  },
  'POST /api/auth/refresh': {
    verb: 'write',
    audience: 'anybody',
    endsSession: true,
    body: ({ credentials }) => credentials && { refresh_token: credentials.refreshToken },
    nested: (_own, { credentials }) => [credentials && { refresh_token: credentials.refreshToken }],
  },
  'POST /api/auth/signup-exchange': {
    verb: 'write',
    audience: 'anybody',
    // The tenant already has its first admin, so its own request gets 409.
    answers: [409],
    body: ({ credentials }) => credentials && { token: credentials.signupToken, password: PASSWORD },
    nested: (_own, { credentials }) => [
      credentials && { token: credentials.signupToken, password: PASSWORD },
    ],
  },
  'POST /api/auth/reset-password': {
    // Only an email contains a valid token. This token was never sent, but names an existing tenant.
    verb: 'write',
    audience: 'anybody',
    answers: [401],
    body: ({ tenantId }) => ({ token: neverSent(tenantId), password: PASSWORD }),
    nested: (_own, { tenantId }) => [{ token: neverSent(tenantId), password: PASSWORD }],
  },
  'POST /api/auth/forgot-password': {
    verb: 'write',
    audience: 'anybody',
    isAlike: true,
    body: ({ credentials }) => credentials && { email: credentials.email },
    nested: (_own, { credentials }) => [credentials && { email: credentials.email }],
  },
  'POST /api/auth/password': {
    verb: 'write',
    answers: [403],
    body: () => ({ current_password: 'not the password', new_password: PASSWORD }),
  },
  'GET /api/auth/oidc/start': { verb: 'read', audience: 'anybody', answers: [303, 404, 503] },
  'GET /api/auth/oidc/callback': { verb: 'read', audience: 'anybody', answers: [401, 404, 503] },
  'POST /api/auth/register': {
    verb: 'write',
    audience: 'anybody',
    answers: [403, 409],
    body: ({ credentials }) => credentials && { email: credentials.email, password: PASSWORD },
    nested: (_own, { credentials }) => [credentials && { email: credentials.email, password: PASSWORD }],
  },
  'GET /api/tenant-default': { verb: 'read', audience: 'anybody' },
  'GET /': { verb: 'read', audience: 'anybody' },
  'GET /signup': { verb: 'read', audience: 'anybody' },
  'GET /reset-password': { verb: 'read', audience: 'anybody' },

  'GET /health/live': { verb: 'read', audience: 'plane' },
  'GET /health/ready': { verb: 'read', audience: 'plane' },
  'GET /api/health': { verb: 'read', audience: 'plane' },
  'GET /metrics': { verb: 'read', audience: 'plane', answers: [200, 401] },
  'GET /assets/:file': { verb: 'read', audience: 'plane', answers: [404] },
  'GET /assets/page.css': { verb: 'read', audience: 'plane' },
  'GET /assets/page.js': { verb: 'read', audience: 'plane' },
  'GET /help': { verb: 'read', audience: 'plane' },
  'GET /help/:name': { verb: 'read', audience: 'plane', path: { name: { text: 'users' } } },
  'GET /openapi.json': { verb: 'read', audience: 'plane' },
  'GET /docs': { verb: 'read', audience: 'plane' },
  'GET /docs/*': { verb: 'read', audience: 'plane', path: { '*': { text: 'swagger-ui.css' } } },
};

/**
 * The lines of a tenant plane's routes. `npm test` and `qa:isolation-matrix` fail if a route has no line.
 */
export function tenantPlaneLines(routes: readonly Route[]): Lines<RouteLine> {
  const told = routes.flatMap((route) => {
    const line = lineToldByFixture(route);
    return line ? [[nameOf(route), line] as const] : [];
  });
  return { ...Object.fromEntries(told), ...WRITTEN_OUT };
}

function lineToldByFixture({ method, path }: Route): RouteLine | undefined {
  for (const fixture of FIXTURES) {
    if (path === fixture.path) return OF_COLLECTION[method]?.(fixture);
    const further = fixture.routes?.[nameOf({ method, path })];
    if (further) return lineOfFurther(fixture, path, further);
    if (path === `${fixture.path}/:id`) return OF_THING[method]?.(fixture);
  }
  return undefined;
}

function lineOfFurther(
  { thing }: Fixture,
  path: string,
  { least: _least, makes: _makes, lists: _lists, statusAlone: _status, body, ...line }: FurtherRoute,
): RouteLine {
  return {
    ...(path.includes('/:id') && { path: { id: thing } }),
    ...(line.keyOf && { audience: 'anybody', answers: [401] }),
    ...line,
    ...(body && { body: (party: Party) => body(party, 'isolation-probe') }),
  };
}

type Tell = (fixture: Fixture) => RouteLine | undefined;

const OF_COLLECTION: Readonly<Record<string, Tell>> = {
  GET: ({ thing, query }) => ({ verb: 'list', query: { cursor: thing, ...query } }),
  POST: ({ body }) => ({ verb: 'write', body: () => body('isolation-probe'), isRepeatable: true }),
};

const changing: Tell = ({ thing, change, nested }) =>
  change && {
    verb: 'write',
    path: { id: thing },
    body: change,
    ...(nested && { nested }),
    harm: `one of its objects (${thing}) would be changed`,
  };

const OF_THING: Readonly<Record<string, Tell>> = {
  GET: ({ thing }) => ({ verb: 'read', path: { id: thing } }),
  PATCH: changing,
  PUT: changing,
  DELETE: ({ thing }) => ({
    verb: 'write',
    path: { id: thing },
    removes: true,
    harm: `one of its objects (${thing}) would be deleted`,
  }),
};
