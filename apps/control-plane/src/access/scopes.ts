/** What a caller may do. A route asks for one of these. */
export const SCOPES = [
  'tenants:read',
  'tenants:provision',
  'tenants:write',
  'jobs:read',
  'jobs:write',
  'tokens:read',
  'tokens:issue',
  'planes:read',
  'planes:write',
  'routing:read',
  'audit:read',
  'operators:read',
  'operators:write',
  'api_keys:read',
  'api_keys:write',
  'secrets:read',
  'secrets:write',
] as const;
export type Scope = (typeof SCOPES)[number];

/** The one that may most first. */
export const OPERATOR_ROLES = ['owner', 'admin', 'support'] as const;
export type OperatorRole = (typeof OPERATOR_ROLES)[number];

/** Whether a role may do less than another. */
export function isLower(role: OperatorRole, than: OperatorRole): boolean {
  return OPERATOR_ROLES.indexOf(role) > OPERATOR_ROLES.indexOf(than);
}

/** Secrets are given to an API key by name, never by a role. */
const GRANTED_BY_NAME_ONLY: readonly Scope[] = ['secrets:read', 'secrets:write'];
const OWNER = SCOPES.filter((scope) => !GRANTED_BY_NAME_ONLY.includes(scope));

export const SCOPES_OF_ROLE: Readonly<Record<OperatorRole, readonly Scope[]>> = {
  owner: OWNER,
  admin: OWNER.filter((scope) => scope !== 'operators:write'),
  support: OWNER.filter((scope) => scope.endsWith(':read')),
};

/**
 * The scopes that a key may be given by an operator of
 * `role`: its own, and an owner's choice of the named ones.
 */
export function grantableScopes(role: OperatorRole): readonly Scope[] {
  return role === 'owner' ? SCOPES : SCOPES_OF_ROLE[role];
}
