/**
 * What a Control Plane route requires of its caller: a scope, any operator, an operator in person (not an API
 * key), a tenant plane's signature, or nothing.
 */
export type Needs = { readonly scope: string } | 'any-operator' | 'in-person' | 'signature' | 'nothing';

export interface ControlPlaneLine {
  readonly needs: Needs;
}

const scoped = (scope: string): ControlPlaneLine => ({ needs: { scope } });
const SIGNED: ControlPlaneLine = { needs: 'signature' };
const OPEN: ControlPlaneLine = { needs: 'nothing' };

/**
 * Every route of the Control Plane, one line each, written out rather than read from the code under test.
 * Operators see all tenants, so there is no tenant isolation to test here. Instead, the table says which
 * callers a route refuses: keys without the scope, support operators, anonymous callers and tenants' users.
 * `blast-radius` tests the separation between planes.
 */
export const CONTROL_PLANE_ROUTES: Readonly<Record<string, ControlPlaneLine>> = {
  'POST /api/tenants/provision': scoped('tenants:provision'),
  'GET /api/tenants': scoped('tenants:read'),
  'GET /api/tenants/:id_or_slug': scoped('tenants:read'),
  'PATCH /api/tenants/:id': scoped('tenants:write'),
  'POST /api/tenants/:id/suspend': scoped('tenants:write'),
  'POST /api/tenants/:id/resume': scoped('tenants:write'),
  'POST /api/tenants/:id/move': scoped('tenants:write'),
  'POST /api/tenants/:id/deprovision': scoped('tenants:write'),
  'POST /api/tenants/:id/restore': scoped('tenants:write'),
  'POST /api/tenants/:id/signup-link': scoped('tenants:write'),
  'POST /api/tenants/:id/billing-state': scoped('tenants:write'),
  'POST /api/tenants/:id/lease': scoped('tenants:write'),
  'GET /api/tenants/:id/usage': scoped('tenants:read'),
  'GET /api/plans': scoped('tenants:read'),
  'GET /api/versions': scoped('planes:read'),
  'GET /api/tenants/:id/deletion-certificate': scoped('tenants:read'),
  'POST /api/tenants/:id/provisioning-tokens': scoped('tokens:issue'),
  'GET /api/tenants/:id/provisioning-tokens': scoped('tokens:read'),
  'DELETE /api/tenants/:id/provisioning-tokens/:token_id': scoped('tokens:issue'),
  'PUT /api/tenants/:id/infrastructure': scoped('secrets:write'),
  'GET /api/tenants/:id/db-url': scoped('secrets:read'),

  'GET /api/provisioning-jobs': scoped('jobs:read'),
  'GET /api/provisioning-jobs/:id': scoped('jobs:read'),
  'GET /api/provisioning-jobs/:id/events': scoped('jobs:read'),
  'POST /api/provisioning-jobs/:id/retry': scoped('jobs:write'),
  'POST /api/provisioning-jobs/:id/cancel': scoped('jobs:write'),
  'POST /api/provisioning-jobs/:id/rollback': scoped('jobs:write'),

  'POST /api/tenant-planes': scoped('planes:write'),
  'GET /api/tenant-planes': scoped('planes:read'),
  'GET /api/tenant-planes/:id': scoped('planes:read'),
  'GET /api/sign-ups': scoped('tenants:read'),
  'GET /api/overview': scoped('tenants:read'),
  'POST /api/tenant-planes/:id/provisioning-tokens': scoped('tokens:issue'),
  'POST /api/tenant-planes/enroll-offline': scoped('planes:write'),
  'POST /api/tenant-planes/:id/rotate-secret': scoped('planes:write'),
  'POST /api/tenant-planes/:id/drain': scoped('planes:write'),
  'POST /api/tenant-planes/:id/reopen': scoped('planes:write'),
  'POST /api/tenant-planes/:id/keep-copy': scoped('planes:write'),
  'POST /api/tenant-planes/:id/upgrade': scoped('planes:write'),
  'POST /api/tenant-planes/upgrades': scoped('planes:write'),
  'GET /api/drifts': scoped('planes:read'),
  'POST /api/reconcile': scoped('planes:write'),
  'GET /api/reconcile': scoped('planes:read'),
  'GET /api/sealing-keys': scoped('planes:read'),
  'GET /api/routing/resolve': scoped('routing:read'),
  'GET /api/audit': scoped('audit:read'),
  'GET /api/audit/chain': scoped('audit:read'),
  'GET /api/operators': scoped('operators:read'),
  'POST /api/operators': scoped('operators:write'),
  'GET /api/operators/:id': scoped('operators:read'),
  'PATCH /api/operators/:id': scoped('operators:write'),
  'POST /api/operators/:id/reset-link': scoped('operators:write'),
  'GET /api/ai/providers': scoped('ai_providers:write'),
  'POST /api/ai/providers': scoped('ai_providers:write'),
  'GET /api/ai/providers/:id': scoped('ai_providers:write'),
  'PATCH /api/ai/providers/:id': scoped('ai_providers:write'),
  'DELETE /api/ai/providers/:id': scoped('ai_providers:write'),
  'GET /api/ai/usage': scoped('tenants:read'),
  'GET /api/api-keys': scoped('api_keys:read'),
  'POST /api/api-keys': scoped('api_keys:write'),
  'DELETE /api/api-keys/:id': scoped('api_keys:write'),
  'POST /api/event-subscriptions': scoped('events:manage'),
  'GET /api/event-subscriptions': scoped('events:manage'),
  'DELETE /api/event-subscriptions/:id': scoped('events:manage'),
  'POST /api/event-subscriptions/:id/test': scoped('events:manage'),
  'GET /api/event-subscriptions/:id/deliveries': scoped('events:manage'),

  'GET /api/auth/me': { needs: 'any-operator' },
  'POST /api/auth/logout': { needs: 'in-person' },
  'POST /api/auth/password': { needs: 'in-person' },
  'GET /api/auth/sessions': { needs: 'in-person' },
  'DELETE /api/auth/sessions/:id': { needs: 'in-person' },

  'POST /api/tenant-planes/enroll': SIGNED,
  'GET /api/tenant-planes/self/desired-state': SIGNED,
  'GET /api/tenant-planes/self/routes/:slug': SIGNED,
  'POST /api/tenant-planes/self/report': SIGNED,
  'PUT /api/tenant-planes/self/transfers/:id/parts/:n': SIGNED,
  'GET /api/tenant-planes/self/transfers/:id/parts/:n': SIGNED,
  'GET /api/tenant-planes/self/transfers/:id/imported': SIGNED,
  'POST /api/ai/chat/completions': SIGNED,

  'POST /api/auth/login': OPEN,
  'POST /api/auth/reset-password': OPEN,
  'GET /api/auth/oidc/start': OPEN,
  'GET /api/auth/oidc/callback': OPEN,
  'POST /api/signup': OPEN,
  'POST /api/signup/verify': OPEN,
  'GET /api/signup/:id': OPEN,
  'POST /api/signup/:id/welcome-link': OPEN,
  'GET /api/sign-in-options': OPEN,
  'GET /health/live': OPEN,
  'GET /health/ready': OPEN,
  'GET /api/health': OPEN,
  'GET /metrics': OPEN,
  'GET /console': OPEN,
  'GET /signup': OPEN,
  'GET /signup/:id': OPEN,
  'GET /reset-password': OPEN,
  'GET /assets/page.css': OPEN,
  'GET /assets/page.js': OPEN,
  'GET /assets/:file': OPEN,
  'GET /': OPEN,
  'GET /help': OPEN,
  'GET /help/:name': OPEN,
  'GET /openapi.json': OPEN,
  'GET /docs': OPEN,
  'GET /docs/*': OPEN,
};
