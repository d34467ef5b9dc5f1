import { type TenantScope } from '@atlas/persistence';
import { NO_PASSWORD } from '@atlas/platform';
import { USER_ROLES, type UserRole } from '@atlas/tenant-api/users';
import { isEmail, isUUID } from 'class-validator';
import { NEW_USER, User } from '../credentials/user.entity';
import { type PortableRow } from '../portability/row-codec';
import { rowsRefused } from './archive-refusals';

/**
 * Adds the archive's users, so that the rows which name them keep their meaning. They are deactivated and
 * have no password, because an archive must not grant access: an admin reactivates those who may sign in, who
 * then choose a password. A user whose ID exists already is left as they are. If someone else has the email
 * address, such as the importing admin, the added user gets an address that receives nothing.
 */
export async function addUsers(scope: TenantScope, rows: readonly PortableRow[], now: Date): Promise<number> {
  let count = 0;
  for (const row of rows) {
    const user = userFrom(row, now);
    if (await scope.exists(User, { id: user.id })) continue;
    const isTaken = await scope.exists(User, { email: user.email });
    await scope.insert(User, isTaken ? { ...user, email: `${user.id}@imported.invalid` } : user);
    count += 1;
  }
  return count;
}

function userFrom(row: PortableRow, now: Date): Omit<User, 'tenantId'> {
  const { id, email, name, role, created_at: createdAt, deactivated_at: deactivatedAt } = row;
  const isGood = isUUID(id) && isEmail(email) && typeof name === 'string' && isRole(role);
  if (!isGood || typeof id !== 'string' || typeof email !== 'string') throw rowsRefused('users');
  return {
    ...NEW_USER,
    id,
    email: email.toLowerCase(),
    name,
    role,
    passwordHash: NO_PASSWORD,
    createdAt: timeFrom(createdAt) ?? now,
    deactivatedAt: timeFrom(deactivatedAt) ?? now,
  };
}

function timeFrom(value: unknown): Date | null {
  if (typeof value !== 'string') return null;
  const time = new Date(value);
  if (Number.isNaN(time.getTime())) throw rowsRefused('users');
  return time;
}

function isRole(role: unknown): role is UserRole {
  return USER_ROLES.some((one) => one === role);
}
