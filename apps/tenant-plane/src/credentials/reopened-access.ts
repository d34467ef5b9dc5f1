import { type TenantScope } from '@atlas/persistence';
import { Mailer, NO_PASSWORD } from '@atlas/platform';
import { Injectable } from '@nestjs/common';
import { IsNull, Not } from 'typeorm';
import { Audit } from '../audit/audit';
import { IdentityProvider } from './identity-provider.entity';
import { Revocations } from './revocations';
import { UserIdentity } from './user-identity.entity';
import { User } from './user.entity';

const HAS_PASSWORD = { passwordHash: Not(NO_PASSWORD) };

/**
 * A copy that is served again knows nothing of what was revoked since the tenant had moved away from it. So
 * all that let somebody in is taken back before the first request: whoever was signed out there, or has
 * another password, must not get in here by what they had before.
 */
@Injectable()
export class ReopenedAccess {
  constructor(
    private readonly revocations: Revocations,
    private readonly audit: Audit,
    private readonly mailer: Mailer,
  ) {}

  /** In the transaction that serves the tenant, which nobody is let in to until it has ended. */
  async end(scope: TenantScope, jobId: string): Promise<void> {
    const revoked = await this.revocations.revokeEverybodys(scope);
    const voided = await this.voidPasswords(scope);
    const stillGood = { ...HAS_PASSWORD, deactivatedAt: IsNull() };
    const kept = await scope.query(User, 'user').andWhere(stillGood).getCount();
    const { tenantId: targetId } = scope;
    const after = { job_id: jobId, ...revoked, passwords_voided: voided, passwords_kept: kept };
    await this.audit.record(scope, {
      action: 'tenant.copy_reopened',
      targetKind: 'tenant',
      targetId,
      after,
    });
  }

  /**
   * A password may have been changed because it had leaked. Only those stay good whose owners have no other
   * way in: nobody but their tenant's admins, who would be locked out as well, could tell who they are.
   */
  private async voidPasswords(scope: TenantScope): Promise<number> {
    if (this.mailer.isOn) return scope.update(User, HAS_PASSWORD, { passwordHash: NO_PASSWORD });
    const provider = await scope.findOne(IdentityProvider, { isEnabled: true });
    if (!provider) return 0;
    const linked = await scope.find(UserIdentity, { where: { issuer: provider.issuer } });
    let count = 0;
    for (const { userId: id } of linked)
      count += await scope.update(User, { id, ...HAS_PASSWORD }, { passwordHash: NO_PASSWORD });
    return count;
  }
}
