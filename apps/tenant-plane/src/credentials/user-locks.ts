import { type TenantScope, lockedForUpdate, together } from '@atlas/persistence';
import { type SelectQueryBuilder } from 'typeorm';
import { lockTenant, requireStanding } from '../tenancy/tenant-standing';
import { User } from './user.entity';

/**
 * A revocation affects only the rows that exist. It would miss a session or link that another transaction is
 * inserting, and a request that was checked before the revocation would continue after it. So every
 * transaction that signs a user in, renews a session, creates or redeems a link, or revokes access locks the
 * user's row first, and then checks again.
 */
export async function lockUser(scope: TenantScope, id: string): Promise<User | null> {
  const [user] = await lockUsers(scope, [id]);
  return user ?? null;
}

/**
 * Locks the rows of these users, in order of ID. A transaction must lock all the rows that it needs in one
 * call, so that transactions do not deadlock.
 */
export function lockUsers(scope: TenantScope, ids: readonly string[]): Promise<User[]> {
  return lockThose(scope, scope.query(User, 'user').andWhere('user.id in (:...ids)', { ids }));
}

/**
 * Locks the rows of the users that the query finds, in order of ID. Throws if the tenant is no longer served.
 */
export async function lockThose(scope: TenantScope, users: SelectQueryBuilder<User>): Promise<User[]> {
  const ordered = lockedForUpdate(users.orderBy('user.id'));
  const [, locked] = await together([requireStanding(scope), ordered.getMany()]);
  return locked;
}

/**
 * Must come first in a transaction that revokes access. Transactions that take a share lock on a user's row
 * can overtake a transaction that is waiting to change the row, so a user who never stops writing could delay
 * their own revocation. The queue for the tenant's lock allows no overtaking.
 */
export function holdUpWrites({ manager, tenantId }: TenantScope): Promise<void> {
  return lockTenant(manager, tenantId);
}

/** The locked row of `seen`, unless its password was changed or its access revoked since it was read. */
export async function lockUnchanged(scope: TenantScope, seen: User): Promise<User | null> {
  const user = await lockUser(scope, seen.id);
  const isSame =
    user?.credentialsEpoch === seen.credentialsEpoch &&
    user.passwordHash === seen.passwordHash &&
    user.deactivatedAt === null;
  return isSame ? user : null;
}
