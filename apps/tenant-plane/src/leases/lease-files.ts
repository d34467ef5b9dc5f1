import { TenantDatabase, lockedForUpdate } from '@atlas/persistence';
import { type LeaseClaims } from '@atlas/plane-contract';
import { DomainError } from '@atlas/platform';
import { Injectable } from '@nestjs/common';
import { type EntityManager } from 'typeorm';
import { Audit } from '../audit/audit';
import { Deployment } from '../plane-identity/deployment';
import { LeaseRefused, Leases } from '../tenancy/leases';
import { TenantDirectory } from '../tenancy/tenant-directory';
import { lockTenant } from '../tenancy/tenant-standing';
import { Tenant } from '../tenancy/tenant.entity';

/** Loads leases from files, for planes that have no connection to the Control Plane. */
@Injectable()
export class LeaseFiles {
  constructor(
    private readonly tenants: TenantDatabase,
    private readonly leases: Leases,
    private readonly deployment: Deployment,
    private readonly directory: TenantDirectory,
    private readonly audit: Audit,
  ) {}

  /**
   * Loading the current lease again changes nothing. `by` runs the write, such as that of a user, who may
   * have lost access by then. Throws `lease_refused`.
   */
  async load(
    tenantId: string,
    lease: string,
    by: <T>(write: () => Promise<T>) => Promise<T> = (write) => write(),
  ): Promise<Tenant> {
    if (!this.deployment.profile.installRequired)
      throw refused('This tenant plane receives its leases from the Control Plane, and never from files.');
    const offered = await this.leases.verify(lease, tenantId).catch((error: unknown) => {
      throw error instanceof LeaseRefused ? refused(error.message) : error;
    });
    // Waits for the users' writes in progress, before `by` becomes one of them.
    const loaded = await this.tenants.write(tenantId, async ({ manager }) => {
      await lockTenant(manager, tenantId);
      return by(() => this.store(tenantId, lease, offered));
    });
    this.directory.forget();
    return loaded;
  }

  private store(tenantId: string, lease: string, offered: LeaseClaims): Promise<Tenant> {
    return this.tenants.write(tenantId, async (scope) => {
      const tenant = await lockedTenant(scope.manager, tenantId);
      const known = await this.leases.of(tenant);
      if (tenant.lease === lease) return tenant;
      requireNewer(offered, known);
      const changes = { lease, plan: offered.plan, status: statusAfter(tenant, known, offered) };
      await scope.manager.update(Tenant, { id: tenantId }, changes);
      await this.audit.record(scope, {
        action: 'lease.loaded',
        targetKind: 'lease',
        targetId: String(offered.serial),
        before: { serial: known?.serial ?? null },
        after: { serial: offered.serial, plan: offered.plan, expires_at: new Date(offered.exp * 1000) },
      });
      return { ...tenant, ...changes };
    });
  }
}

function lockedTenant(manager: EntityManager, id: string): Promise<Tenant> {
  return lockedForUpdate(manager.createQueryBuilder(Tenant, 'tenant').where({ id })).getOneOrFail();
}

function requireNewer(offered: LeaseClaims, known: LeaseClaims | null): void {
  if (known && offered.serial <= known.serial)
    throw refused(
      `The lease was issued at ${issuedAt(offered)}, and this plane already has a lease that was issued at ` +
        `${issuedAt(known)}. Load the newest one.`,
    );
}

/**
 * A lease says whether the tenant is suspended. Leases from a Control Plane of an older version say only
 * whether the bill is unpaid, so they end no other suspension.
 */
function statusAfter(tenant: Tenant, known: LeaseClaims | null, offered: LeaseClaims): Tenant['status'] {
  if (offered.billing === 'suspended' || offered.status === 'suspended') return 'suspended';
  if (offered.status === 'active' && tenant.status === 'suspended') return 'active';
  return known?.billing === 'suspended' && tenant.status === 'suspended' ? 'active' : tenant.status;
}

function issuedAt({ serial }: LeaseClaims): string {
  return new Date(serial).toISOString();
}

function refused(detail: string): DomainError {
  return new DomainError('lease_refused', 'conflict', detail);
}
