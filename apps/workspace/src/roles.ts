import { type TenantPlaneSchemas } from '@atlas/web';

export type Role = TenantPlaneSchemas['schemas']['UserRole'];

/** Every role may do what the roles before it may do. */
const ROLES: readonly Role[] = ['requester', 'fulfiller', 'operator', 'admin'];

export function isAtLeast(role: Role, needed: Role): boolean {
  return ROLES.indexOf(role) >= ROLES.indexOf(needed);
}
