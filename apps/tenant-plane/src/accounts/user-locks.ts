import { type TenantScope, lockedForUpdate } from '@atlas/persistence';
import { User } from './user.entity';

/**
 * A revocation ends what it finds, so it misses the session or link that another transaction is inserting at that moment;
 * and a request whose password, link or session was checked before the revocation would go on after it. So whatever signs
 * a user in, renews a session, mints or redeems a link, or revokes locks the user's row first, and then checks again.
 */
export async function lockUser(scope: TenantScope, id: string): Promise<User | null> {
  const [user] = await lockUsers(scope, [id]);
  return user ?? null;
}

/** All that a transaction needs at once and in the order of their ids, so that no two wait for each other. */
export function lockUsers(scope: TenantScope, ids: readonly string[]): Promise<User[]> {
  const users = scope.query(User, 'user').andWhere('user.id in (:...ids)', { ids }).orderBy('user.id');
  return lockedForUpdate(users).getMany();
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
