import { type UserStatus } from '@atlas/tenant-api/users';
import { In, IsNull, Not } from 'typeorm';
import { WRITE_INCIDENTS, WRITE_USERS, includes, rolesWith } from './permission';
import { type User } from './user.entity';

/** Each status as a predicate on rows. */
export const WHERE_STATUS = {
  invited: { deactivatedAt: IsNull(), invitedAt: Not(IsNull()) },
  active: { deactivatedAt: IsNull(), invitedAt: IsNull() },
  deactivated: { deactivatedAt: Not(IsNull()) },
} as const;

export function statusOf({
  deactivatedAt,
  invitedAt,
}: Pick<User, 'deactivatedAt' | 'invitedAt'>): UserStatus {
  if (deactivatedAt) return 'deactivated';
  return invitedAt ? 'invited' : 'active';
}

/** Whether the user counts towards the plan's limit: those who can sign in, or can accept an invitation. */
export function takesPlace(user: Pick<User, 'deactivatedAt' | 'invitedAt' | 'invitationEndedAt'>): boolean {
  return user.deactivatedAt === null && (user.invitedAt === null || user.invitationEndedAt === null);
}

/** {@link takesPlace} as a condition on the row aliased `user`. */
export const TAKES_PLACE =
  'user.deactivatedAt is null and (user.invitedAt is null or user.invitationEndedAt is null)';

export function mayInvite(user: Pick<User, 'role' | 'deactivatedAt' | 'invitedAt'>): boolean {
  return statusOf(user) === 'active' && includes(user.role, WRITE_USERS);
}

/** Whether incidents may be assigned to the user. */
export function isAssignable(user: Pick<User, 'role' | 'deactivatedAt' | 'invitedAt'>): boolean {
  return statusOf(user) === 'active' && includes(user.role, WRITE_INCIDENTS);
}

/** {@link isAssignable} as a predicate on rows. */
export const WHERE_ASSIGNABLE = { ...WHERE_STATUS.active, role: In([...rolesWith(WRITE_INCIDENTS)]) };
