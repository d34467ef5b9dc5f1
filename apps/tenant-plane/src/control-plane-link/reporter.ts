import { HEARTBEAT_SECONDS, PLANE_PATHS, TENANT_PLANE_ID_PARAMETER } from '@atlas/plane-contract';
import { Injectable, Logger } from '@nestjs/common';
import { TENANT_PLANE_VERSION } from '../http-app.options';
import { TenantPlaneConfig } from '../tenant-plane.config';
import { ControlPlaneClient } from './control-plane-client';
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

  constructor(
    private readonly client: ControlPlaneClient,
    private readonly identities: PlaneIdentities,
    private readonly applier: DesiredStateApplier,
    private readonly planeHealth: PlaneHealth,
    private readonly config: TenantPlaneConfig,
  ) {}

  /** Does not wait for the report. */
  report(applied: readonly Applied[]): void {
    for (const one of applied) {
      // A transfer may speak of an entry that has been replaced since.
      const { entryRevision = 0 } = this.pending.get(one.tenantId) ?? {};
      if (one.entryRevision >= entryRevision) this.pending.set(one.tenantId, one);
    }
    if (applied.length > 0) this.start();
  }

  /** Sends what is left over, or at least a sign of life when it is time for one. */
  heartbeat(): void {
    const isDue = performance.now() - this.lastSentAt >= (HEARTBEAT_SECONDS - 1) * 1000;
    if (this.pending.size > 0 || isDue) this.start();
  }

  async settled(): Promise<void> {
    await this.sending;
  }

  private start(): void {
    this.sending ??= this.sendAll().finally(() => (this.sending = null));
  }

  private async sendAll(): Promise<void> {
    do {
      const batch = [...this.pending.values()].slice(0, MAX_TENANTS);
      try {
        await this.send(batch);
      } catch (error) {
        this.logger.warn(`A report is sent again later: ${(error as Error).message}`);
        return;
      }
      // A newer result of the same tenant stays.
      for (const one of batch) if (this.pending.get(one.tenantId) === one) this.pending.delete(one.tenantId);
    } while (this.pending.size > 0);
  }

  private async send(batch: readonly Applied[]): Promise<void> {
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
      revision: current.revision ?? 'none',
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
