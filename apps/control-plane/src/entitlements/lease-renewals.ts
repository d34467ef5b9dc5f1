import { Database, lockedForUpdate, updateRows } from '@atlas/persistence';
import { Clock } from '@atlas/platform';
import { Injectable } from '@nestjs/common';
import { type EntityManager, type SelectQueryBuilder } from 'typeorm';
import { DesiredStates } from '../desired-state/desired-states';
import {
  GRACE_DAYS,
  LEASE_DAYS,
  LEASE_RENEWED_AFTER_MS,
  claimsOf,
  issuedAtOf,
} from '../desired-state/leases';
import { leaseEnding } from '../outbox/new-event';
import { Outbox } from '../outbox/outbox';
import { sqlOfContact } from '../registry/health-class';
import { Placement } from '../registry/placement.entity';
import { placeOf } from '../registry/placements';
import { TenantPlane } from '../registry/tenant-plane.entity';
import { Tenant } from '../registry/tenant.entity';

const DAY_MS = 24 * 3600_000;
/** A plane that has been silent for longer would not receive a renewed lease, so its lease is left to end. */
const SILENT_SECONDS = 24 * 3600;
/**
 * How many leases one round renews. Rounds are seconds apart, so a large fleet is renewed evenly and not in
 * one burst.
 */
const BATCH = 50;

const ISSUED_AT = 'coalesce(tenant.leased_at, tenant.created_at)';

/** Renews the leases of tenants that are served, and tells when one is about to end because it cannot be. */
@Injectable()
export class LeaseRenewals {
  constructor(
    private readonly database: Database,
    private readonly desiredStates: DesiredStates,
    private readonly outbox: Outbox,
    private readonly clock: Clock,
  ) {}

  async sweep(): Promise<void> {
    try {
      await this.renew();
    } finally {
      await this.tellEndings();
    }
  }

  private renew(): Promise<void> {
    return this.database.write(async (manager) => {
      const now = this.clock.now();
      const dueBefore = new Date(now.getTime() - LEASE_RENEWED_AFTER_MS);
      const due = this.oldest(manager, dueBefore).andWhere(this.isServedBy('contact'));
      const ids = (await lockedForUpdate(due).getMany()).map(({ id }) => id);
      if (ids.length === 0) return;
      await manager.createQueryBuilder().update(Tenant).set({ leasedAt: now }).whereInIds(ids).execute();
      await this.desiredStates.publishHomes(manager, {
        select: 'select id from tenants where id in (:...ids)',
        parameters: { ids },
      });
    });
  }

  private tellEndings(): Promise<void> {
    return this.database.write(async (manager) => {
      const now = this.clock.now().getTime();
      const ending = this.oldest(manager, new Date(now - (LEASE_DAYS - GRACE_DAYS) * DAY_MS))
        .andWhere(`(tenant.told_ending_of is null or tenant.told_ending_of < ${ISSUED_AT})`)
        .andWhere(this.isServedBy('silence'))
        .setParameters({ soon: new Date(now + GRACE_DAYS * DAY_MS) });
      for (const tenant of await lockedForUpdate(ending).getMany()) {
        const home = await placeOf(manager, tenant.id);
        if (!home) continue;
        const { serial, exp } = claimsOf(tenant, home.tenantPlaneId);
        await updateRows(manager, Tenant, { id: tenant.id }, { toldEndingOf: issuedAtOf(tenant) });
        await this.outbox.add(manager, leaseEnding(tenant, { serial, expiresAt: new Date(exp * 1000) }));
      }
    });
  }

  /** The tenants with the oldest leases that were issued before `before`. */
  private oldest(manager: EntityManager, before: Date): SelectQueryBuilder<Tenant> {
    return manager
      .createQueryBuilder(Tenant, 'tenant')
      .where(`${ISSUED_AT} < :before`, { before })
      .andWhere("tenant.status in ('active', 'suspended')")
      .orderBy(ISSUED_AT)
      .addOrderBy('tenant.id')
      .limit(BATCH);
  }

  /**
   * SQL: whether the tenant's home is a plane that has been heard of lately or, with `silence`, one that has
   * not and whose newest file ends `:soon`. A freeze is timed from when it was published, so a frozen
   * tenant's entry is not published again.
   */
  private isServedBy(what: 'contact' | 'silence'): string {
    const { tableName: placements } = this.database.dataSource.getMetadata(Placement);
    const { tableName: planes } = this.database.dataSource.getMetadata(TenantPlane);
    const isInContact = sqlOfContact(this.database, SILENT_SECONDS);
    const isSilent = `not ${isInContact} and (tenant.leased_until is null or tenant.leased_until < :soon
      or tenant.leased_until_on <> plane.id)`;
    return `exists (select 1 from ${placements} place join ${planes} plane on plane.id = place.tenant_plane_id
      where place.tenant_id = tenant.id and place.holds_place and place.phase = 'serving'
      and place.entry_revision > 0 and ${what === 'contact' ? isInContact : isSilent})`;
  }
}
