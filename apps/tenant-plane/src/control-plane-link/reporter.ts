import { HEARTBEAT_SECONDS, PLANE_PATHS, TENANT_PLANE_ID_PARAMETER, epochOf } from '@atlas/plane-contract';
import { Injectable, Logger } from '@nestjs/common';
import { TENANT_PLANE_VERSION } from '../http-app.options';
import { TenantPlaneConfig } from '../tenant-plane.config';
import { ControlPlaneClient } from './control-plane-client';
import { ControlPlaneRefused } from './control-plane.errors';
import { type Applied, DesiredStateApplier } from './desired-state-applier';
import { PlaneHealth } from './health/plane-health';
import { PlaneIdentities } from './plane-identities';

const TIMEOUT_MS = 10_000;
const MAX_TENANTS = 500;

/**
 * Tells the Control Plane what is applied: at once, and otherwise as a heartbeat. What is applied while one report is
 * under way leaves in the next; what could not be sent is sent again.
 */
@Injectable()
export class Reporter {
  private readonly logger = new Logger(Reporter.name);
  private pending = new Map<string, Applied>();
  private sending: Promise<void> | null = null;
  private lastSentAt = -Infinity;
  private pendingEpoch: string | null = null;

  constructor(
    private readonly client: ControlPlaneClient,
    private readonly identities: PlaneIdentities,
    private readonly applier: DesiredStateApplier,
    private readonly planeHealth: PlaneHealth,
    private readonly config: TenantPlaneConfig,
  ) {}

  /** What became of a state of this revision. Does not wait for the report. */
  report(revision: string, applied: readonly Applied[]): void {
    const epoch = epochOf(revision);
    // In another epoch the same numbers mean other entries.
    if (epoch !== this.pendingEpoch) this.pending.clear();
    this.pendingEpoch = epoch;
    for (const one of applied) this.pending.set(one.tenantId, one);
    if (applied.length > 0) this.start();
  }

  /** The epoch of the directory's entries, as last reported on by this process. Read it before the entry. */
  get epoch(): string | null {
    return this.pendingEpoch;
  }

  /** What became of the transfer that an entry of this epoch asks for. The entry may have been replaced since. */
  reportTransfer(one: Applied, epoch: string | null): void {
    if (epoch === null || epoch !== this.pendingEpoch) return;
    const { entryRevision = 0 } = this.pending.get(one.tenantId) ?? {};
    if (one.entryRevision < entryRevision) return;
    this.pending.set(one.tenantId, one);
    this.start();
  }

  /** Sends what is left over, or at least a sign of life when it is time for one. */
  heartbeat(): void {
    if (this.pending.size > 0 || this.isDue) this.start();
  }

  async settled(): Promise<void> {
    await this.sending;
  }

  private get isDue(): boolean {
    return performance.now() - this.lastSentAt >= (HEARTBEAT_SECONDS - 1) * 1000;
  }

  private start(): void {
    this.sending ??= this.sendAll().finally(() => (this.sending = null));
  }

  private async sendAll(): Promise<void> {
    try {
      do await this.sendBatch();
      while (this.pending.size > 0);
      // Every tenant of it may have been refused.
      if (this.isDue) await this.send([], this.epoch);
    } catch (error) {
      this.logger.warn(`A report is sent again later: ${(error as Error).message}`);
    }
  }

  private async sendBatch(): Promise<void> {
    const batch = [...this.pending.values()].slice(0, MAX_TENANTS);
    await this.deliver(batch, this.epoch);
    // A newer result of the same tenant stays.
    for (const one of batch) if (this.pending.get(one.tenantId) === one) this.pending.delete(one.tenantId);
  }

  /**
   * A report is refused as a whole for one tenant that the Control Plane does not know here, as after its restore from a backup.
   * Halving the batch finds that tenant, so that it holds back neither the others nor the heartbeat.
   */
  private async deliver(batch: readonly Applied[], epoch: string | null): Promise<void> {
    try {
      return await this.send(batch, epoch);
    } catch (error) {
      if (!isNotPlacedHere(error) || batch.length === 0) throw error;
    }
    if (batch.length === 1) return this.drop(batch);
    const half = Math.ceil(batch.length / 2);
    await this.deliver(batch.slice(0, half), epoch);
    await this.deliver(batch.slice(half), epoch);
  }

  /** No job waits for it. Marked as reported, so that the next process does not try again either. */
  private async drop(batch: readonly Applied[]): Promise<void> {
    for (const { tenantId } of batch)
      this.logger.warn(`Tenant ${tenantId} is no longer reported: the Control Plane does not know it here.`);
    await this.applier.markReported(batch);
  }

  private async send(batch: readonly Applied[], epoch: string | null): Promise<void> {
    const health = await this.planeHealth.examine();
    const { current, linkId } = this.identities;
    const counted = await this.identities.nextSequence();
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
      endpoint_url: this.config.endpointUrl,
    };
    await this.client.call({
      method: 'POST',
      path: PLANE_PATHS.report,
      query: { [TENANT_PLANE_ID_PARAMETER]: current.tenantPlaneId ?? '' },
      body: { ...plane, tenants, usage: {}, health },
      timeoutMs: TIMEOUT_MS,
      mustBeSigned: false,
    });
    this.lastSentAt = performance.now();
    await this.applier.markReported(batch);
  }
}

/** Tells the epoch of what is reported even while none of its revisions is applied in full, as an entry fails. */
function revisionIn(epoch: string | null, applied: string | null): string {
  if (epoch === null) return applied ?? 'none';
  return applied !== null && epochOf(applied) === epoch ? applied : `${epoch}.0`;
}

function isNotPlacedHere(error: unknown): boolean {
  return error instanceof ControlPlaneRefused && error.code === 'tenant_not_on_plane';
}
