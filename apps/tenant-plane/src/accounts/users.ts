import { isDeepStrictEqual } from 'node:util';
import { TenantDatabase, type TenantScope } from '@atlas/persistence';
import { Clock, type Page, pageOf, type ExpectedVersion } from '@atlas/platform';
import { ListUsersQuery, UpdateUserDto, type UserDetails } from '@atlas/tenant-api/users';
import { Injectable } from '@nestjs/common';
import { LessThan } from 'typeorm';
import { Audit } from '../audit/audit';
import { WRITE_USERS } from '../credentials/permission';
import { Revocations } from '../credentials/revocations';
import { Sessions } from '../credentials/sessions';
import { type SignedInUser } from '../credentials/signed-in-user';
import { holdUpWrites, lockThose } from '../credentials/user-locks';
import { TAKES_PLACE, WHERE_STATUS, mayInvite, statusOf, takesPlace } from '../credentials/user-status';
import { User } from '../credentials/user.entity';
import { Quotas } from '../entitlements/quotas';
import { lastAdmin, ownRole, userNotFound } from './user.errors';
import { userDetails } from './user.view';

/** A tenant's users, as its admins see and change them. */
@Injectable()
export class Users {
  constructor(
    private readonly tenants: TenantDatabase,
    private readonly sessions: Sessions,
    private readonly revocations: Revocations,
    private readonly quotas: Quotas,
    private readonly audit: Audit,
    private readonly clock: Clock,
  ) {
    quotas.on('users', (scope) => scope.query(User, 'user').andWhere(TAKES_PLACE).getCount());
  }

  async list(tenantId: string, query: ListUsersQuery): Promise<Page<UserDetails>> {
    const { cursor, limit, role, status, email } = query;
    const where = {
      ...(status && WHERE_STATUS[status]),
      ...(role && { role }),
      ...(email && { email: email.toLowerCase() }),
      ...(cursor && { id: LessThan(cursor) }),
    };
    const rows = await this.tenants.read(tenantId, (scope) =>
      scope.find(User, { where, order: { id: 'DESC' }, take: limit + 1 }),
    );
    return pageOf(rows, limit, userDetails);
  }

  async get(tenantId: string, id: string): Promise<UserDetails> {
    return userDetails(await this.tenants.read(tenantId, (scope) => find(scope, id)));
  }

  /** Throws `user_not_found`, `changed_meanwhile`, `own_role`, `last_admin` and `quota_exceeded`. */
  update(
    tenantId: string,
    by: SignedInUser,
    id: string,
    dto: UpdateUserDto,
    expected: ExpectedVersion<UserDetails>,
  ): Promise<UserDetails> {
    return this.tenants.write(tenantId, async (scope) => {
      await holdUpWrites(scope);
      const locked = await lockConcerned(scope, id, by.id);
      await this.sessions.requireCaller(scope, locked, by, WRITE_USERS);
      const admins = locked.filter(isActiveAdmin);
      const user = locked.find((one) => one.id === id);
      if (!user) throw userNotFound();
      expected.require(userDetails(user));
      const changed = { ...user, ...this.changes(user, dto) };
      if (id === by.id && changed.role !== user.role) throw ownRole();
      if (admins.every((admin) => admin.id === id) && !isActiveAdmin(changed)) throw lastAdmin();
      const [before, after] = [factsOf(user), factsOf(changed)];
      if (isDeepStrictEqual(before, after)) return userDetails(user);
      const { name, role, deactivatedAt } = changed;
      const changes = { name, role, deactivatedAt };
      if (takesPlace(changed) && !takesPlace(user)) await this.quotas.requireRoom(scope, 'users');
      if (deactivatedAt) await this.revocations.deactivate(scope, user, changes);
      else await scope.update(User, { id }, changes);
      await this.audit.record(scope, {
        action: 'user.changed',
        targetKind: 'user',
        targetId: id,
        before,
        after,
      });
      if (!mayInvite(changed)) await this.revocations.endInvitations(scope, locked.filter(isInvitedBy(id)));
      return userDetails(changed);
    });
  }

  private changes({ deactivatedAt }: User, { name, role, deactivated }: UpdateUserDto): Partial<User> {
    const since = deactivatedAt ?? this.clock.now();
    return {
      ...(name !== undefined && { name }),
      ...(role !== undefined && { role }),
      ...(deactivated !== undefined && { deactivatedAt: deactivated ? since : null }),
    };
  }
}

/**
 * Locks the rows of the user to change, the users they have invited, the caller and all admins. If two
 * concurrent calls would together remove the last admin, the second waits and then checks again. Uses one
 * statement, so that calls do not deadlock.
 */
function lockConcerned(scope: TenantScope, id: string, byId: string): Promise<User[]> {
  const isActiveAdmin = 'user.role = :role and user.deactivatedAt is null and user.invitedAt is null';
  const isInvited = 'user.invitedBy = :id and user.invitedAt is not null';
  const isConcerned = `((${isActiveAdmin}) or (${isInvited}) or user.id in (:id, :byId))`;
  return lockThose(scope, scope.query(User, 'user').andWhere(isConcerned, { role: 'admin', id, byId }));
}

/** Matches users whom this user has invited and who have not yet joined. */
function isInvitedBy(id: string): (user: User) => boolean {
  return ({ invitedBy, invitedAt, invitationEndedAt }) =>
    invitedBy === id && invitedAt !== null && invitationEndedAt === null;
}

function isActiveAdmin(user: User): boolean {
  return user.role === 'admin' && statusOf(user) === 'active';
}

async function find(scope: TenantScope, id: string): Promise<User> {
  const user = await scope.findOne(User, { id });
  if (!user) throw userNotFound();
  return user;
}

function factsOf(user: User): Record<string, unknown> {
  return { name: user.name, role: user.role, status: statusOf(user) };
}
