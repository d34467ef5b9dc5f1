import { TenantDatabase, type TenantScope, lockedForShare, together } from '@atlas/persistence';
import { Injectable } from '@nestjs/common';
import { requirePermission } from '../credentials/permission';
import { SessionAuthentication, unauthenticated } from '../credentials/session-authentication';
import { type SignedInUser } from '../credentials/signed-in-user';
import { User } from '../credentials/user.entity';
import { requireStanding } from '../tenancy/tenant-standing';

/** Runs users' writes, except writes to user accounts. */
@Injectable()
export class UserWrites {
  constructor(
    private readonly tenants: TenantDatabase,
    private readonly sessions: SessionAuthentication,
  ) {}

  /**
   * Commits everything that `work` writes, or nothing if the caller's access was revoked, or the tenant was
   * suspended, after the request was admitted. A user's calls wait for a revocation, but not for each other.
   * The checks and the writes are sent to the database together, checks first.
   */
  by<T>(tenantId: string, caller: SignedInUser, work: () => Promise<T>): Promise<T> {
    return this.tenants.write(tenantId, async (scope) => {
      const [, , , done] = await together([
        requireStanding(scope),
        this.requireUser(scope, caller),
        this.requireSession(scope, caller),
        work(),
      ]);
      return done;
    });
  }

  private async requireUser(scope: TenantScope, { id, requires }: SignedInUser): Promise<void> {
    const user = await lockedForShare(scope.query(User, 'user').andWhere({ id })).getOne();
    if (!user || user.deactivatedAt) throw unauthenticated();
    if (requires) requirePermission(user.role, requires);
  }

  private async requireSession(scope: TenantScope, caller: SignedInUser): Promise<void> {
    if (!(await this.sessions.isGoingOn(scope, caller))) throw unauthenticated();
  }
}
