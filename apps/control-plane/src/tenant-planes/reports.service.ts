import { Database, together, updateRows } from '@atlas/persistence';
import { type ReportRequest } from '@atlas/plane-contract';
import { Clock } from '@atlas/platform';
import { Injectable } from '@nestjs/common';
import { type EntityManager } from 'typeorm';
import { Audit } from '../audit/audit.service';
import { JobWaker } from '../provisioning/job-waker';
import { isForked } from './fleet';
import { PlaneAddresses } from './plane-addresses';
import { Placement } from './placement.entity';
import { TenantPlane } from './tenant-plane.entity';
import { requirePlacedHere } from './placements';
import { ServiceKeys } from './service-keys';

/** A plane that was started again while its database took no write repeats the numbers that were not stored. */
const IS_NEWER = '(sequence < :sequence or (link_id <> :linkId and stored_sequence < :sequence))';
/** What is stored never goes back, unless the database is another copy. */
const IS_OF_THIS_DISK = 'coalesce(stored_sequence, sequence) <= :stored';

/** What tenant planes say they have applied; jobs that wait for it are woken in the same transaction. */
@Injectable()
export class Reports {
  constructor(
    private readonly database: Database,
    private readonly waker: JobWaker,
    private readonly addresses: PlaneAddresses,
    private readonly keys: ServiceKeys,
    private readonly audit: Audit,
    private readonly clock: Clock,
  ) {}

  async receive(
    { tenantPlaneId, keyId }: { readonly tenantPlaneId: string; readonly keyId: string },
    report: ReportRequest,
  ): Promise<void> {
    const tenantIds = report.tenants.map((tenant) => tenant.tenant_id);
    await requirePlacedHere(this.database, tenantPlaneId, tenantIds);
    await this.database.write(async (manager) => {
      const [, isInSequence] = await together([
        this.keys.holdAccepted(manager, keyId),
        this.recordPlane(manager, tenantPlaneId, report),
        ...report.tenants.map((tenant) => this.record(manager, tenantPlaneId, tenant)),
      ]);
      if (isInSequence) await this.addresses.follow(manager, tenantPlaneId, report);
      await this.waker.wakeForReport(manager, tenantPlaneId, tenantIds);
    });
  }

  private async record(
    manager: EntityManager,
    tenantPlaneId: string,
    tenant: ReportRequest['tenants'][number],
  ): Promise<void> {
    // An old report that arrives late says nothing about a newer entry.
    await manager
      .createQueryBuilder()
      .update(Placement)
      .set({
        reportedRevision: tenant.entry_revision,
        reportedState: tenant.state,
        reportedError: tenant.error ?? null,
      })
      .where({ tenantId: tenant.tenant_id, tenantPlaneId })
      // Nor does one on an entry that was never published.
      .andWhere('reported_revision <= :revision and entry_revision >= :revision', {
        revision: tenant.entry_revision,
      })
      .execute();
  }

  /** Whether it is newer than all that was heard before. */
  private async recordPlane(manager: EntityManager, id: string, report: ReportRequest): Promise<boolean> {
    const {
      revision,
      version,
      health,
      sequence,
      stored_sequence: storedSequence = null,
      link_id: linkId,
      endpoint_url: reportedEndpointUrl,
    } = report;
    const facts = {
      ...{ appliedRevision: revision, version, health, sequence, storedSequence, linkId },
      healthStatus: health.status ?? null,
      lastReportAt: this.clock.now(),
    } as Partial<TenantPlane>;
    const { affected } = await manager
      .createQueryBuilder()
      .update(TenantPlane)
      .set(facts)
      .where({ id })
      .andWhere(`(link_id is null or (${IS_NEWER} and ${IS_OF_THIS_DISK}))`, {
        ...{ sequence, linkId, stored: storedSequence ?? sequence - 1 },
      })
      .execute();
    if (!affected)
      await this.noticeFork(manager, id, {
        ...facts,
        ...(reportedEndpointUrl !== undefined && { reportedEndpointUrl }),
      });
    return affected === 1;
  }

  /**
   * The same or a lower number than we have seen: two copies of one plane speak (a cloned disk), or one whose database was
   * restored. Shown, not blocked: another process is believed what it says of itself, so that a restored one is in the
   * picture at once; an old report of the same process says nothing new.
   */
  private async noticeFork(manager: EntityManager, id: string, facts: Partial<TenantPlane>): Promise<void> {
    const plane = await manager.findOneByOrFail(TenantPlane, { id });
    const isSameLink = plane.linkId === facts.linkId;
    if (isSameLink && plane.sequence === facts.sequence) return;
    const now = this.clock.now();
    const heard = isSameLink ? { lastReportAt: now } : facts;
    await updateRows(manager, TenantPlane, { id }, { ...heard, forkedAt: now });
    if (isForked(plane, now)) return;
    const after = {
      link_id: facts.linkId,
      sequence: facts.sequence,
      known_link_id: plane.linkId,
      known_sequence: plane.sequence,
    };
    await this.audit.record(manager, {
      action: 'tenant_plane.identity_forked',
      targetKind: 'tenant_plane',
      targetId: id,
      after,
    });
  }
}
