import { type TenantScope, lockedForUpdate, together } from '@atlas/persistence';
import { type SelectQueryBuilder } from 'typeorm';
import { lockTenant, requireStanding } from '../tenancy/tenant-standing';
import { User } from './user.entity';

/**
 * A revocation ends what it finds, so it misses a session or link that another transaction is inserting, and
 * a request that was checked before it would continue after it. So whatever signs a user in, renews a
 * session, mints or redeems a link, or revokes access locks the user's row first, and then checks again.
 */
export async function lockUser(scope: TenantScope, id: string): Promise<User | null> {
  const [user] = await lockUsers(scope, [id]);
  return user ?? null;
}

/** Locks all users that a transaction needs at once, so that transactions do not deadlock. */
export function lockUsers(scope: TenantScope, ids: readonly string[]): Promise<User[]> {
  return lockThose(scope, scope.query(User, 'user').andWhere('user.id in (:...ids)', { ids }));
}

/** Like {@link lockUsers}: in the order of ids, and in a tenant that is still served. */
export async function lockThose(scope: TenantScope, users: SelectQueryBuilder<User>): Promise<User[]> {
  const ordered = lockedForUpdate(users.orderBy('user.id'));
  const [, locked] = await together([requireStanding(scope), ordered.getMany()]);
  return locked;
}

/**
 * Comes first in a transaction that takes access away. Those who share a user's row overtake whoever waits to
 * change it, so a user who never stops writing could put off the end of their own access. The queue for the
 * tenant's lock allows no overtaking.
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
