import { type TenantPlaneSchemas, textOf } from '@atlas/web';
import { type Role } from '../roles';

export type Person = TenantPlaneSchemas['schemas']['UserDetails'];
export type PersonChange = TenantPlaneSchemas['schemas']['UpdateUserDto'];
type Status = Person['status'];

export const LONGEST_NAME = 100;

export const ROLES: readonly Role[] = ['admin', 'operator', 'fulfiller', 'requester'];
export const STATUSES: readonly Status[] = ['active', 'invited', 'deactivated'];

export const DUTIES: Readonly<Record<Role, string>> = {
  admin: 'Does everything, and manages users.',
  operator: 'Sets things up and runs runbooks.',
  fulfiller: 'Works on incidents.',
  requester: 'Reports problems.',
};

export const STATUS_WORDS: Readonly<Record<Status, string>> = {
  active: 'Active',
  invited: 'Invited, not joined',
  deactivated: 'Deactivated',
};

export function roleOf(text: unknown): Role | undefined {
  return ROLES.find((role) => role === text);
}

export function nameOf({ name, email }: Person): string {
  return name || email;
}

export interface UsersSearch {
  readonly role?: Role;
  readonly state?: Status;
  readonly email?: string;
}

export function usersSearchOf({ role, state, email }: Record<string, unknown>): UsersSearch {
  return {
    role: roleOf(role),
    state: STATUSES.find((one) => one === state),
    email: textOf(email),
  };
}
