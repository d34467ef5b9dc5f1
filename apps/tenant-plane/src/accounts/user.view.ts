import { type UserRole } from '../credentials/permissions';
import { type UserStatus, statusOf } from '../credentials/user-status';
import { type User } from '../credentials/user.entity';

/** A user as admins see them. */
export interface UserDetails {
  readonly id: string;
  readonly email: string;
  readonly name: string;
  readonly role: UserRole;
  readonly status: UserStatus;
  readonly created_at: Date;
}

export function userDetails(user: User): UserDetails {
  const { id, email, name, role, createdAt } = user;
  return { id, email, name, role, status: statusOf(user), created_at: createdAt };
}
