import { type UserDetails } from '@atlas/tenant-api/users';
import { statusOf } from '../credentials/user-status';
import { type User } from '../credentials/user.entity';

export function userDetails(user: User): UserDetails {
  const { id, email, name, role, createdAt } = user;
  return { id, email, name, role, status: statusOf(user), created_at: createdAt };
}
