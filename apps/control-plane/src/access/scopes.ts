import { type OperatorRole, OPERATOR_ROLES, type Scope, SCOPES } from '@atlas/operator-api';

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
