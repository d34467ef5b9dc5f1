import { Database, type RowValues, together, updateRows } from '@atlas/persistence';
import { type ReportAnswer, type ReportRequest } from '@atlas/plane-contract';
import { Clock } from '@atlas/platform';
import { Injectable } from '@nestjs/common';
import { type EntityManager } from 'typeorm';
import { DesiredStates } from '../desired-state/desired-states';
import { PlaneAddresses, type ReportingPlane } from '../desired-state/plane-addresses';
import { Usage } from '../entitlements/usage';
import { ReportedJobs } from '../provisioning-jobs/reported-jobs';
import { isForked } from '../registry/health-class';
import { standingOf } from '../registry/incarnations';
import { Placement } from '../registry/placement.entity';
import { requirePlacedHere } from '../registry/placements';
import { lockPlane } from '../registry/plane-lock';
import { type ReportOrder, orderOf, remembered } from '../registry/report-order';
import { TenantPlane } from '../registry/tenant-plane.entity';
import { ServiceKeys } from '../service-keys/service-keys';
import { PlaneCopies } from './plane-copies';
import { factsOf } from './reported-facts';

/**
 * Stores what tenant planes report, and continues the jobs that wait for those reports in the same
 * transaction.
 */
@Injectable()
export class Reports {
  constructor(
    private readonly database: Database,
    private readonly jobs: ReportedJobs,
    private readonly addresses: PlaneAddresses,
    private readonly keys: ServiceKeys,
    private readonly desiredStates: DesiredStates,
    private readonly usage: Usage,
    private readonly copies: PlaneCopies,
    private readonly clock: Clock,
  ) {}

  async receive(caller: ReportingPlane, report: ReportRequest): Promise<ReportAnswer> {
    const { tenantPlaneId, keyId } = caller;
    // After a restore of the Control Plane, the plane may still report entries from the
    // earlier epoch. The plane receives all entries again and then reports on those.
    const tenants = this.desiredStates.isOfThisEpoch(report.revision) ? report.tenants : [];
    const tenantIds = tenants.map((tenant) => tenant.tenant_id);
    const received = await this.database.write(async (manager) => {
      const [, plane] = await together([
        this.keys.holdAccepted(manager, keyId),
        lockPlane(manager, tenantPlaneId),
        requirePlacedHere(manager, tenantPlaneId, tenantIds),
      ]);
      const standing = standingOf(plane, report.incarnation ?? null);
      if (standing === 'replaced') return this.copies.noteReplaced(manager, plane, report);
      // A restored plane continues from the numbers of its backup.
      const order = standing === 'restored' ? 'next' : orderOf(plane, report);
      const isNewest = order === 'next' || order === 'other';
      await together([
        standing === 'restored'
          ? this.copies.recordRestored(manager, plane, report)
          : this.recordPlane(manager, plane, report, order),
        ...tenants.map((tenant) => this.record(manager, tenantPlaneId, tenant, isNewest)),
        this.usage.record(manager, tenantPlaneId, report.usage.amounts ?? []),
      ]);
      await this.jobs.continue(manager, tenantPlaneId, tenantIds);
      return { before: order === 'next' ? plane : null, isCopy: order === 'old' || order === 'other' };
    });
    if (received === null) return { copied: true };
    const { before, isCopy } = received;
    if (before) await this.addresses.follow(caller, report, before);
    return { usage_counted: true, ...(isCopy && { copied: true }) };
  }

  private async record(
    manager: EntityManager,
    tenantPlaneId: string,
    tenant: ReportRequest['tenants'][number],
    isNewest: boolean,
  ): Promise<void> {
    // A report that is not the newest counts only if no report about its entry revision has arrived yet.
    const isNews = isNewest ? 'reported_revision <= :revision' : 'reported_revision < :revision';
    await manager
      .createQueryBuilder()
      .update(Placement)
      .set({
        reportedRevision: tenant.entry_revision,
        reportedState: tenant.state,
        reportedError: tenant.error ?? null,
        // A plane that is still retrying does not yet know whether it has the rows.
        ...(tenant.state !== 'retrying' && { reportedCode: tenant.code ?? null }),
      })
      .where({ tenantId: tenant.tenant_id, tenantPlaneId })
      // Ignore a report about a revision that was never published.
      .andWhere(`${isNews} and entry_revision >= :revision`, {
        revision: tenant.entry_revision,
      })
      .execute();
  }

  /**
   * Two copies of a plane (a cloned disk), or a plane whose database was restored, are
   * flagged but not blocked. What the other copy reports is stored, so that a restored plane
   * is visible at once. Late, repeated and old reports change none of the reported facts.
   */
  private async recordPlane(
    manager: EntityManager,
    plane: TenantPlane,
    report: ReportRequest,
    order: ReportOrder,
  ): Promise<void> {
    const { id } = plane;
    const now = this.clock.now();
    const heardNow = { lastReportAt: () => this.database.fromNow(0) };
    const isCopy = order === 'old' || order === 'other';
    // While two copies run, each sends numbers that the other has skipped, so missing numbers mean nothing.
    const memory = isCopy || isForked(plane, now) ? NOTHING_MISSED : remembered(plane, report, order);
    const heard: Readonly<Record<ReportOrder, RowValues<TenantPlane>>> = {
      next: { ...factsOf(report), ...heardNow },
      other: { ...factsOf(report), ...heardNow, forkedAt: now },
      old: { ...heardNow, forkedAt: now },
      late: {},
      repeat: {},
    };
    await updateRows(manager, TenantPlane, { id }, { ...heard[order], ...memory });
    if (isCopy) await this.copies.raiseAlarm(manager, plane, report);
  }
}

const NOTHING_MISSED = { missedSequences: [], lateLinkId: null };
