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
 * A copy that is served again does not contain the revocations made after the tenant moved away. So all
 * access is revoked before the first request. Otherwise, users who have since been signed out, or have
 * changed their password, could get in with their old sessions or passwords.
 */
@Injectable()
export class ReopenedAccess {
  constructor(
    private readonly revocations: Revocations,
    private readonly audit: Audit,
    private readonly mailer: Mailer,
  ) {}

  /** Runs in the transaction that starts to serve the tenant. No one is admitted before it commits. */
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
   * A password may have been changed because it had leaked, so the copy's passwords are invalidated. Only
   * users with no other way to sign in keep their passwords. Otherwise, they would need help from an admin,
   * and the admins would be locked out too.
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
