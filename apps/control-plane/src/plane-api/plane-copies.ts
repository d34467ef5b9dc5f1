import { Database, updateRows } from '@atlas/persistence';
import { type ReportRequest } from '@atlas/plane-contract';
import { Clock } from '@atlas/platform';
import { Injectable } from '@nestjs/common';
import { type EntityManager } from 'typeorm';
import { Audit } from '../audit/audit';
import { planeCopied } from '../outbox/new-event';
import { Outbox } from '../outbox/outbox';
import { FORK_SHOWN_MS, isForked } from '../registry/health-class';
import { replacedBy, reportedBy } from '../registry/incarnations';
import { remembered } from '../registry/report-order';
import { TenantPlane } from '../registry/tenant-plane.entity';
import { factsOf } from './reported-facts';

/** What happens if a plane is restored, or if two copies of it report. The caller has locked the plane. */
@Injectable()
export class PlaneCopies {
  constructor(
    private readonly database: Database,
    private readonly audit: Audit,
    private readonly outbox: Outbox,
    private readonly clock: Clock,
  ) {}

  /** From now on, this copy counts, and the one before it is outdated. */
  async recordRestored(manager: EntityManager, plane: TenantPlane, report: ReportRequest): Promise<void> {
    const { id } = plane;
    const [now, incarnation] = [this.clock.now(), report.incarnation ?? null];
    await updateRows(
      manager,
      TenantPlane,
      { id },
      {
        ...factsOf(report),
        ...replacedBy(plane, incarnation, now),
        ...remembered({ ...plane, linkId: null }, report, 'next'),
        lastReportAt: () => this.database.fromNow(0),
        // Differs from before, because the rows may be older than a backup of a tenant. A restore is no
        // fork, so the time is one that is no longer shown.
        forkedAt: new Date(now.getTime() - FORK_SHOWN_MS),
      },
    );
    await this.audit.record(manager, {
      action: 'tenant_plane.restored',
      targetKind: 'tenant_plane',
      targetId: id,
      after: { incarnation, replaced: plane.incarnation },
    });
  }

  /**
   * Nothing that an outdated copy says is recorded, because another copy now has the plane's tenants. It is
   * not blocked either, because whoever restored the plane may have meant to test the backup.
   */
  async noteReplaced(manager: EntityManager, plane: TenantPlane, report: ReportRequest): Promise<null> {
    const now = this.clock.now();
    const noted = reportedBy(plane, report.incarnation ?? null, now);
    await updateRows(manager, TenantPlane, { id: plane.id }, { forkedAt: now, ...noted });
    await this.raiseAlarm(manager, plane, report);
    return null;
  }

  /** Once while both copies keep reporting. `plane` is as it was before the report. */
  async raiseAlarm(manager: EntityManager, plane: TenantPlane, report: ReportRequest): Promise<void> {
    if (isForked(plane, this.clock.now())) return;
    const after = {
      link_id: report.link_id,
      sequence: report.sequence,
      incarnation: report.incarnation ?? null,
      known_link_id: plane.linkId,
      known_sequence: plane.sequence,
      known_incarnation: plane.incarnation,
    };
    await this.audit.record(manager, {
      action: 'tenant_plane.identity_forked',
      targetKind: 'tenant_plane',
      targetId: plane.id,
      after,
    });
    await this.outbox.add(manager, planeCopied(plane));
  }
}
