import { DomainError } from '@atlas/platform';
import { type UserRole } from '@atlas/tenant-api';

/** What a user may do. A route requires one of these. */
export const PERMISSIONS = [
  'incidents:read',
  'incidents:create',
  'incidents:write',
  'cmdb:read',
  'cmdb:write',
  'ai:use',
  'ai:configure',
  'users:read',
  'users:write',
  'onboarding:read',
  'onboarding:write',
  'integrations:read',
  'audit:read',
  'sign_in:configure',
  'tenant:move',
] as const;
export type Permission = (typeof PERMISSIONS)[number];

const REQUESTER: readonly Permission[] = ['incidents:read', 'incidents:create', 'onboarding:read'];
const FULFILLER: readonly Permission[] = [...REQUESTER, 'incidents:write', 'cmdb:read', 'ai:use'];
const OPERATOR: readonly Permission[] = [...FULFILLER, 'cmdb:write', 'integrations:read', 'users:read'];

export const PERMISSIONS_OF_ROLE: Readonly<Record<UserRole, readonly Permission[]>> = {
  admin: PERMISSIONS,
  operator: OPERATOR,
  fulfiller: FULFILLER,
  requester: REQUESTER,
};

/** Throws `forbidden`. */
export function requirePermission(role: UserRole, permission: Permission): void {
  if (PERMISSIONS_OF_ROLE[role].includes(permission)) return;
  throw new DomainError('forbidden', 'forbidden', `Your role (${role}) does not include ${permission}.`);
}
