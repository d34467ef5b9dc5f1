import { Injectable } from '@nestjs/common';
import { ControlPlaneConfig } from '../../config/control-plane.config';
import { tenantBusy } from '../ai.errors';

/**
 * Bounds how many questions of one tenant this process answers at a time, so that a tenant with many
 * questions leaves places for the others.
 */
@Injectable()
export class TenantShares {
  private readonly inProgress = new Map<string, number>();

  constructor(private readonly config: ControlPlaneConfig) {}

  /** Returns a function that gives the place back. Call it exactly once. Throws `ai_tenant_busy`. */
  enter(tenantId: string): () => void {
    const taken = this.inProgress.get(tenantId) ?? 0;
    const most = this.config.aiCallsPerTenant;
    if (taken >= most) throw tenantBusy(most);
    this.inProgress.set(tenantId, taken + 1);
    return () => this.leave(tenantId);
  }

  private leave(tenantId: string): void {
    const left = (this.inProgress.get(tenantId) ?? 0) - 1;
    if (left > 0) this.inProgress.set(tenantId, left);
    else this.inProgress.delete(tenantId);
  }
}
