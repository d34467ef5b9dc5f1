import { TenantDatabase, type TenantScope, lockedForShare, together } from '@atlas/persistence';
import { Injectable } from '@nestjs/common';
import { requirePermission } from '../credentials/permissions';
import { SessionAuthentication, unauthenticated } from '../credentials/session-authentication';
import { type SignedInUser } from '../credentials/signed-in-user';
import { User } from '../credentials/user.entity';
import { requireStanding } from '../tenancy/tenant-standing';

/** What users write that is not about users. */
@Injectable()
export class UserWrites {
  constructor(
    private readonly tenants: TenantDatabase,
    private readonly sessions: SessionAuthentication,
  ) {}

  /**
   * All that `work` writes, or nothing: nothing, too, when the caller's access was revoked or their tenant
   * suspended since they were let in. Calls of one user wait for their revocation, but not for each other.
   * Started together, the statements travel together, in this order.
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
