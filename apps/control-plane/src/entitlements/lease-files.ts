import { DEFAULT_LEASE_FILE_DAYS, IssueLeaseDto, type LeaseFileView } from '@atlas/operator-api';
import { Database, updateRows } from '@atlas/persistence';
import { Clock, DomainError, timeOfChange } from '@atlas/platform';
import { Injectable } from '@nestjs/common';
import { Audit } from '../audit/audit';
import { Leases, claimsOf, issuedAtOf } from '../desired-state/leases';
import { placeOf } from '../registry/placements';
import { TENANT_WRITES, requireStatus } from '../registry/tenant-writes';
import { Tenant } from '../registry/tenant.entity';
import { lockTenant } from '../tenants/tenants';

const DAY_MS = 24 * 3600_000;

/** Issues leases as files, for planes that make no calls. */
@Injectable()
export class LeaseFiles {
  constructor(
    private readonly database: Database,
    private readonly leases: Leases,
    private readonly audit: Audit,
    private readonly clock: Clock,
  ) {}

  /** Each file has a higher serial than the one before. Throws `tenant_not_found` and `not_placed`. */
  issue(id: string, { valid_days: days = DEFAULT_LEASE_FILE_DAYS }: IssueLeaseDto): Promise<LeaseFileView> {
    return this.database.write(async (manager) => {
      const tenant = await lockTenant(manager, id);
      requireStatus(tenant, TENANT_WRITES.lease);
      const home = await placeOf(manager, id);
      if (!home) throw notPlaced(tenant);
      const leasedAt = timeOfChange(this.clock.now(), issuedAtOf(tenant));
      const leasedUntil = new Date(leasedAt.getTime() + days * DAY_MS);
      const issued = { leasedAt, leasedUntil, leasedUntilOn: home.tenantPlaneId };
      await updateRows(manager, Tenant, { id }, issued);
      const leased = { ...tenant, ...issued };
      const { serial, exp } = claimsOf(leased, home.tenantPlaneId);
      const expiresAt = new Date(exp * 1000);
      await this.audit.record(manager, {
        action: 'tenant.lease_issued',
        targetKind: 'tenant',
        targetId: id,
        after: { serial, expires_at: expiresAt },
      });
      return {
        tenant_id: id,
        tenant_plane_id: home.tenantPlaneId,
        serial,
        issued_at: leasedAt,
        expires_at: expiresAt,
        lease: await this.leases.sign(leased, home.tenantPlaneId),
      };
    });
  }
}

function notPlaced({ slug }: Tenant): DomainError {
  const detail =
    `Tenant "${slug}" has no tenant plane yet, and a lease is only valid on one plane. Issue it once the ` +
    'plane has enrolled.';
  return new DomainError('not_placed', 'conflict', detail);
}
