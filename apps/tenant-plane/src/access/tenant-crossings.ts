import { type Allowance, TenantDatabase, Throttle, quoted } from '@atlas/persistence';
import { currentContext } from '@atlas/platform';
import { Injectable } from '@nestjs/common';
import { Audit } from '../audit/audit';
import { type ProvenSession } from '../credentials/session-authentication';
import { type TenantHints, TenantResolution } from '../tenancy/tenant-resolution';

/** Audit entries are permanent, so one user must not be able to flood the trail. */
const RECORDED: Allowance = { name: 'crossing of', limit: 10, windowSeconds: 3600, isStrict: false };

/**
 * Records requests that present a valid session of one tenant but name another tenant. The entry goes into
 * the audit trail of the session's tenant.
 */
@Injectable()
export class TenantCrossings {
  constructor(
    private readonly resolution: TenantResolution,
    private readonly tenants: TenantDatabase,
    private readonly throttle: Throttle,
    private readonly audit: Audit,
  ) {}

  /**
   * Records each user's first ten requests of this kind per hour. Counting and recording share a transaction,
   * so a request counts only if it is recorded.
   */
  async note({ tenantId, user }: ProvenSession, { host, header }: TenantHints): Promise<void> {
    if (!(await this.resolution.isServed(tenantId))) return;
    const context = currentContext();
    if (context) context.actor = { kind: 'user', id: user.id };
    const entry = {
      action: 'tenant.crossing_refused',
      targetKind: 'tenant',
      targetId: null,
      after: { host: quoted(host), x_tenant_id: quoted(header) },
    };
    await this.tenants.write(tenantId, async (scope) => {
      if (await this.throttle.isTaken(RECORDED, [tenantId, user.id])) await this.audit.record(scope, entry);
    });
  }
}
