import { DomainError } from '@atlas/platform';
import { USER_ROLES, type UserRole } from '@atlas/tenant-api/users';

/** What a user may do. A feature declares its permissions next to the routes that require them. */
export interface Permission {
  /** Such as `users:write`. Named in the error message for a user who lacks the permission. */
  readonly name: string;
  /**
   * The least powerful role that includes the permission. Every role includes the permissions of the roles
   * below it.
   */
  readonly from: UserRole;
}

export const WRITE_USERS: Permission = { name: 'users:write', from: 'admin' };
export const WRITE_INCIDENTS: Permission = { name: 'incidents:write', from: 'fulfiller' };

export function includes(role: UserRole, permission: Permission): boolean {
  return rolesWith(permission).includes(role);
}

export function rolesWith({ from }: Permission): readonly UserRole[] {
  return USER_ROLES.slice(0, USER_ROLES.indexOf(from) + 1);
}

/** Throws `forbidden`. */
export function requirePermission(role: UserRole, permission: Permission): void {
  if (includes(role, permission)) return;
  throw new DomainError(
    'forbidden',
    'forbidden',
    `Your role (${role}) does not include the permission ${permission.name}.`,
  );
}
