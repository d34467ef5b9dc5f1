import {
  HEARTBEAT_SECONDS,
  PLANE_PATHS,
  type ReportAnswer,
  TENANT_PLANE_ID_PARAMETER,
  epochOf,
} from '@atlas/plane-contract';
import { Injectable, Logger } from '@nestjs/common';
import { TENANT_PLANE_VERSION } from '../config/tenant-plane-version';
import { TenantPlaneConfig } from '../config/tenant-plane.config';
import { ControlPlaneClient } from '../control-plane-client/control-plane-client';
import { ControlPlaneRefused } from '../control-plane-client/control-plane.errors';
import { type Applied } from '../plane-identity/applied';
import { type LinkClaim } from '../plane-identity/link-claim';
import { PlaneIdentities } from '../plane-identity/plane-identities';
import { PlaneHealth } from './plane-health';
import { ReportedEntries } from './reported-entries';
import { type UsageReport, UsageReports } from './usage-reports';

const TIMEOUT_MS = 10_000;
const MAX_TENANTS = 500;

/**
 * Reports immediately what was applied, and otherwise sends heartbeats. What is applied while a report is
 * being sent goes into the next report. What could not be sent is sent again.
 */
@Injectable()
export class Reporter {
  private readonly logger = new Logger(Reporter.name);
  private sending: Promise<void> | null = null;
  /** Whether more was applied since the last report began. */
  private isAskedAgain = false;
  private lastSentAt = -Infinity;

  constructor(
    private readonly client: ControlPlaneClient,
    private readonly identities: PlaneIdentities,
    private readonly entries: ReportedEntries,
    private readonly planeHealth: PlaneHealth,
    private readonly usage: UsageReports,
    private readonly config: TenantPlaneConfig,
  ) {}

  /**
   * Reports the outcome of a state of this revision, received under this claim. Does not wait for the report.
   */
  report(claim: LinkClaim, revision: string, applied: readonly Applied[]): void {
    const epoch = epochOf(revision);
    // In another epoch, the same revision numbers mean different entries.
    if (epoch !== claim.epoch) claim.pending.clear();
    claim.epoch = epoch;
    for (const one of applied) claim.pending.set(one.tenantId, one);
    if (applied.length > 0) this.start();
  }

  /**
   * Reports the outcome of a transfer that an entry of this epoch requests. The entry may have been replaced
   * since.
   */
  reportTransfer(one: Applied, epoch: string | null): void {
    const { claim } = this.identities.lease;
    if (epoch === null || epoch !== claim.epoch) return;
    const { entryRevision = 0 } = claim.pending.get(one.tenantId) ?? {};
    if (one.entryRevision < entryRevision) return;
    claim.pending.set(one.tenantId, one);
    this.start();
  }

  /** Sends what is pending, or a heartbeat if one is due. A report that is being sent counts as one. */
  heartbeat(): void {
    if (this.sending) return;
    if (this.identities.lease.claim.pending.size > 0 || this.isDue) this.start();
  }

  async settled(): Promise<void> {
    await this.sending;
  }

  private get isDue(): boolean {
    return performance.now() - this.lastSentAt >= (HEARTBEAT_SECONDS - 1) * 1000;
  }

  private start(): void {
    if (this.sending) this.isAskedAgain = true;
    else this.sending = this.sendUntilDone();
  }

  private async sendUntilDone(): Promise<void> {
    try {
      do {
        this.isAskedAgain = false;
        await this.sendAll();
      } while (this.isAskedAgain && this.identities.lease.claim.pending.size > 0);
    } finally {
      this.sending = null;
    }
  }

  private async sendAll(): Promise<void> {
    const { claim } = this.identities.lease;
    try {
      do await this.sendBatch(claim);
      while (claim.pending.size > 0);
      // The Control Plane may have refused every tenant in the batch, so a heartbeat may still be due.
      if (this.isDue) await this.send([], claim, claim.epoch);
    } catch (error) {
      if (!claim.ended.aborted)
        this.logger.warn(`Could not send a report, trying again later: ${(error as Error).message}`);
    }
    // The reports of the next claim had to wait for this report.
    const { pending } = this.identities.lease.claim;
    if (claim.ended.aborted && pending.size > 0) await this.sendAll();
  }

  private async sendBatch(claim: LinkClaim): Promise<void> {
    const { pending, epoch } = claim;
    const batch = [...pending.values()].slice(0, MAX_TENANTS);
    await this.deliver(batch, claim, epoch);
    // A newer outcome for the same tenant stays pending.
    for (const one of batch) if (pending.get(one.tenantId) === one) pending.delete(one.tenantId);
  }

  /**
   * If one tenant in a report is not placed here, the Control Plane refuses the whole report. This can happen
   * after the Control Plane was restored from a backup. Halving the batch finds that tenant, so it delays
   * neither the others nor the heartbeat.
   */
  private async deliver(batch: readonly Applied[], claim: LinkClaim, epoch: string | null): Promise<void> {
    try {
      return await this.send(batch, claim, epoch);
    } catch (error) {
      if (!isNotPlacedHere(error) || batch.length === 0) throw error;
    }
    if (batch.length === 1) return this.drop(batch, epoch);
    const half = Math.ceil(batch.length / 2);
    await this.deliver(batch.slice(0, half), claim, epoch);
    await this.deliver(batch.slice(half), claim, epoch);
  }

  /**
   * No job waits for these outcomes. They are marked as reported, so that the next process does not try to
   * send them either.
   */
  private async drop(batch: readonly Applied[], epoch: string | null): Promise<void> {
    for (const { tenantId } of batch)
      this.logger.warn(
        `Tenant ${tenantId} is no longer reported, because the Control Plane has not placed it here.`,
      );
    await this.entries.mark(batch, epoch);
  }

  /** The report itself is more urgent, and what is not reported now is reported later. */
  private async dueUsage(): Promise<UsageReport> {
    try {
      return await this.usage.due();
    } catch (error) {
      this.logger.warn(`Could not read what to report on usage: ${(error as Error).message}`);
      return { amounts: [], rows: [] };
    }
  }

  private async send(batch: readonly Applied[], claim: LinkClaim, epoch: string | null): Promise<void> {
    // What was just applied has shown that the database works.
    const isWorking = batch.length > 0 && batch.every(({ error }) => error === undefined);
    const health = await (isWorking ? this.planeHealth.recent() : this.planeHealth.examine());
    const usage = await this.dueUsage();
    const { current, linkId } = this.identities;
    const { incarnation } = current;
    const counted = await this.identities.nextSequence(claim.fence);
    const tenants = batch.map(({ tenantId, entryRevision, error, code, isRetried }) => ({
      tenant_id: tenantId,
      entry_revision: entryRevision,
      ...(error === undefined
        ? { state: 'applied' }
        : { state: isRetried ? 'retrying' : 'failed', error: error.slice(0, 2000), code }),
    }));
    const plane = {
      revision: revisionIn(epoch, current.revision),
      version: TENANT_PLANE_VERSION,
      ...counted,
      link_id: linkId,
      ...(incarnation !== null && { incarnation }),
      endpoint_url: this.config.endpointUrl,
    };
    const answer = await this.client.call<Partial<ReportAnswer>>({
      egress: { class: 'plane_report' },
      method: 'POST',
      path: PLANE_PATHS.report,
      query: { [TENANT_PLANE_ID_PARAMETER]: current.tenantPlaneId ?? '' },
      body: { ...plane, tenants, usage: { amounts: usage.amounts }, health },
      timeoutMs: TIMEOUT_MS,
      ended: claim.ended,
      mustBeSigned: false,
    });
    this.lastSentAt = performance.now();
    if (!isIgnored(answer)) await this.entries.mark(batch, epoch);
    if (answer?.usage_counted) await this.usage.settle(usage);
    await this.noteCopy(answer?.copied === true, claim);
  }

  /** The plane keeps serving, because its users must not suffer from a false alarm. */
  private async noteCopy(isCopy: boolean, claim: LinkClaim): Promise<void> {
    if (!(await this.identities.noteCopy(isCopy, claim.fence))) return;
    const { tenantPlaneId } = this.identities.current;
    if (isCopy)
      this.logger.error(
        `Another copy of tenant plane ${tenantPlaneId} reports to the Control Plane, and this one is ` +
          'outdated. What users change here is not in the other copy. Stop one of them.',
      );
    else {
      this.logger.log(`This is the only copy of tenant plane ${tenantPlaneId} again.`);
      // What was reported in the meantime may have been ignored.
      for (const one of await this.entries.missing())
        if (!claim.pending.has(one.tenantId)) claim.pending.set(one.tenantId, one);
    }
  }
}

/**
 * Names the epoch of the report even if an entry has failed and no revision of that epoch is fully applied
 * yet.
 */
function revisionIn(epoch: string | null, applied: string | null): string {
  if (epoch === null) return applied ?? 'none';
  return applied !== null && epochOf(applied) === epoch ? applied : `${epoch}.0`;
}

/** Another copy counts, so the Control Plane has stored nothing of the report. */
function isIgnored(answer: Partial<ReportAnswer> | null): boolean {
  return answer?.copied === true && answer.usage_counted !== true;
}

function isNotPlacedHere(error: unknown): boolean {
  return error instanceof ControlPlaneRefused && error.code === 'tenant_not_on_plane';
}
