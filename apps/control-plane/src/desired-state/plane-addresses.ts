import { profileOf } from '@atlas/deployment-profiles';
import { type Allowance, Database, Throttle, lockedForUpdate, together } from '@atlas/persistence';
import { type EnrolRequest, type ReportRequest } from '@atlas/plane-contract';
import { Clock } from '@atlas/platform';
import { Injectable } from '@nestjs/common';
import { type EntityManager } from 'typeorm';
import { Audit } from '../audit/audit';
import { isForked } from '../registry/health-class';
import { Placement } from '../registry/placement.entity';
import { lockPlane } from '../registry/plane-lock';
import { TenantPlane, isAirGapped } from '../registry/tenant-plane.entity';
import { Tenant } from '../registry/tenant.entity';
import { ServiceKeys } from '../service-keys/service-keys';
import { DesiredStates } from './desired-states';

/**
 * Limits the address changes of each plane. Audit entries are never
 * deleted, so a plane must not be able to flood the audit trail.
 */
const CHANGES: Allowance = { name: 'address change of', limit: 10, windowSeconds: 3600, isStrict: false };

/** The plane that sends a report, and the key that signed it. */
export interface ReportingPlane {
  readonly tenantPlaneId: string;
  readonly keyId: string;
}

/**
 * Updates the addresses of tenant planes and everything that
 * depends on them: tenants' addresses, links, routes and redirects.
 */
@Injectable()
export class PlaneAddresses {
  constructor(
    private readonly database: Database,
    private readonly keys: ServiceKeys,
    private readonly desiredStates: DesiredStates,
    private readonly throttle: Throttle,
    private readonly audit: Audit,
    private readonly clock: Clock,
  ) {}

  /**
   * Adopts the address in a report that was accepted in sequence. `before` is the plane as it was
   * before that report. Runs in its own transaction, because tenants must be locked before the plane
   * and few reports change the address. If the process dies before the commit, the next report
   * repeats the address. While two copies of the plane are reporting, neither address is adopted.
   */
  async follow(caller: ReportingPlane, report: ReportRequest, before: TenantPlane): Promise<void> {
    const { endpoint_url: said, link_id, sequence } = report;
    if (said === undefined || !this.isToFollow(before, said)) return;
    const isNews = said !== before.reportedEndpointUrl;
    await this.database.write(async (manager) => {
      const plane = await this.lock(manager, caller);
      // If a newer report has arrived since, the call for that report handles the address.
      if (plane.linkId !== link_id || plane.sequence !== sequence || !this.isToFollow(plane, said)) return;
      // Every report repeats the address, so the address is adopted later, once the limit allows this.
      if (!(await this.throttle.isTaken(CHANGES, [plane.id]))) {
        if (isNews) await manager.increment(TenantPlane, { id: plane.id }, 'addressChangesLeftOut', 1);
        return;
      }
      // If this address was reported before, the count already includes it.
      const leftOut = plane.addressChangesLeftOut - (isNews ? 0 : 1);
      const source = { link_id, sequence, ...(leftOut > 0 && { changes_left_out: leftOut }) };
      await this.change(manager, plane, said, source);
    });
  }

  /** Locks the tenants that a new address affects. Call it before locking the plane. */
  async lockTenantsAt(manager: EntityManager, id: string): Promise<void> {
    const tenants = manager
      .createQueryBuilder(Tenant, 'tenant')
      .select('tenant.id')
      .where(`tenant.id in (${LIVES_THERE})`, { id })
      .orderBy('tenant.id');
    await lockedForUpdate(tenants).getMany();
  }

  private async lock(manager: EntityManager, caller: ReportingPlane): Promise<TenantPlane> {
    await this.lockTenantsAt(manager, caller.tenantPlaneId);
    const [, plane] = await together([
      this.keys.holdAccepted(manager, caller.keyId),
      lockPlane(manager, caller.tenantPlaneId),
    ]);
    return plane;
  }

  private isToFollow(plane: TenantPlane, said: string): boolean {
    return said !== plane.endpointUrl && !isAddressRecorded(plane) && !isForked(plane, this.clock.now());
  }

  /**
   * Adopts the address in the request file of an air-gapped
   * plane. Files may arrive in any order; the newest one wins.
   */
  async followFile(
    manager: EntityManager,
    id: string,
    { endpoint_url: said }: EnrolRequest,
    requestedAt: Date,
  ): Promise<void> {
    const { affected } = await manager
      .createQueryBuilder()
      .update(TenantPlane)
      .set({ requestedAt })
      .where({ id })
      .andWhere('(requested_at is null or requested_at <= :requestedAt)', { requestedAt })
      .execute();
    if (!affected || said === undefined) return;
    const plane = await manager.findOneByOrFail(TenantPlane, { id });
    if (said === plane.endpointUrl || !isAirGapped(plane)) return;
    await this.change(manager, plane, said, { requested_at: requestedAt.toISOString() });
  }

  private async change(
    manager: EntityManager,
    plane: TenantPlane,
    endpointUrl: string,
    source: Record<string, unknown>,
  ): Promise<void> {
    const { id, endpointUrl: before } = plane;
    const isBack = endpointUrl === plane.previousEndpointUrl;
    await manager.update(
      TenantPlane,
      { id },
      {
        endpointUrl,
        previousEndpointUrl: before,
        addressChangesLeftOut: 0,
        ...(isBack && { endpointReturnedAt: this.clock.now() }),
      },
    );
    await this.audit.record(manager, {
      action: 'tenant_plane.address_changed',
      targetKind: 'tenant_plane',
      targetId: id,
      before: { endpoint_url: before },
      after: { endpoint_url: endpointUrl, ...source },
    });
    await this.passOn(manager, plane, endpointUrl);
  }

  /** Updates the tenants whose home this plane is, and the planes that redirect to them. */
  async passOn(manager: EntityManager, plane: TenantPlane, endpointUrl: string): Promise<void> {
    const { id } = plane;
    // If Atlas runs the plane, its users keep using the planned URL.
    const isTheirs = profileOf(plane.deploymentModel).installRequired;
    await manager
      .createQueryBuilder()
      .update(Tenant)
      .set({ endpointUrl, updatedAt: this.clock.now(), ...(isTheirs && { url: endpointUrl }) })
      .where(`id in (${LIVES_THERE})`, { id })
      .execute();
    await this.redirect(manager, `copy.tenantId in (${LIVES_THERE})`, { id });
  }

  /** Makes the tenant's former homes redirect its users to the address in its row. */
  async redirectUsersOf(manager: EntityManager, tenantId: string): Promise<void> {
    await this.redirect(manager, 'copy.tenantId = :tenantId', { tenantId });
  }

  private async redirect(
    manager: EntityManager,
    which: string,
    parameters: Readonly<Record<string, string>>,
  ): Promise<void> {
    const copies = await manager
      .createQueryBuilder(Placement, 'copy')
      .where(`(${REDIRECTS})`)
      .andWhere(which, parameters)
      .getMany();
    for (const copy of copies) await this.desiredStates.publish(manager, copy);
  }
}

/**
 * Placements at former homes, and at planes that the tenant is moving to.
 * Not all of the latter redirect, but publishing them again does no harm.
 */
const REDIRECTS = `copy.phase = 'retired' and copy.removeAfter is not null
  or copy.phase = 'importing' and copy.entryRevision > 0`;

const LIVES_THERE = `select home.tenant_id from placements home
  where home.tenant_plane_id = :id and home.holds_place and home.phase <> 'importing'`;

/**
 * Whether the address that the plane reports is ignored. For a dedicated plane, an
 * address is recorded along with the database, either by the driver or by the person who
 * created the plane (`PUT /api/tenants/:id/infrastructure`). The recorded address takes
 * a load balancer into account, whereas the plane knows only its own port.
 * Reconciliation restores the driver's record, and reports a different address as drift.
 */
export function isAddressRecorded({ dbUrlSealed, endpointUrl }: TenantPlane): boolean {
  return dbUrlSealed !== null && endpointUrl !== null;
}
