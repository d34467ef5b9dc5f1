import { type OperatorRole, OPERATOR_ROLES, type Scope, SCOPES } from '@atlas/operator-api';

/** Whether `role` ranks below `than`. */
export function isLower(role: OperatorRole, than: OperatorRole): boolean {
  return OPERATOR_ROLES.indexOf(role) > OPERATOR_ROLES.indexOf(than);
}

/** No role includes these scopes. An API key has them only if they were granted explicitly. */
const GRANTED_BY_NAME_ONLY: readonly Scope[] = ['secrets:read', 'secrets:write'];
const OWNERS_ONLY: readonly Scope[] = ['operators:write', 'ai_providers:write'];
const OWNER = SCOPES.filter((scope) => !GRANTED_BY_NAME_ONLY.includes(scope));

export const SCOPES_OF_ROLE: Readonly<Record<OperatorRole, readonly Scope[]>> = {
  owner: OWNER,
  admin: OWNER.filter((scope) => !OWNERS_ONLY.includes(scope)),
  support: OWNER.filter((scope) => scope.endsWith(':read')),
};

/**
 * The scopes that an operator with `role` may grant to an API key. Owners may also grant access to secrets.
 */
export function grantableScopes(role: OperatorRole): readonly Scope[] {
  return role === 'owner' ? SCOPES : SCOPES_OF_ROLE[role];
}
