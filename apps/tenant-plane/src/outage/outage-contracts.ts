import {
  OUTAGE_CAPABILITIES,
  type OutageBehaviour,
  type OutageNeed,
  type OutagePromise,
  type OutageStage,
  PROMISE_OF_OWN_AI,
  outageStageAfter,
  outageSteps,
} from '@atlas/deployment-profiles';
import { type OutageContractView } from '@atlas/tenant-api/outage';
import { Injectable } from '@nestjs/common';
import { AiEndpoints } from '../ai/ai-endpoints';
import { ControlPlaneLink } from '../control-plane-link/control-plane-link';
import { TenantEntitlements } from '../entitlements/entitlements';
import { Deployment } from '../plane-identity/deployment';
import { TrustedTime } from '../plane-identity/trusted-time';
import { type Tenant } from '../tenancy/tenant.entity';

/** What a tenant can rely on while the Control Plane is unreachable. */
@Injectable()
export class OutageContracts {
  constructor(
    private readonly link: ControlPlaneLink,
    private readonly deployment: Deployment,
    private readonly entitlements: TenantEntitlements,
    private readonly time: TrustedTime,
    private readonly endpoints: AiEndpoints,
  ) {}

  async of(tenant: Tenant): Promise<OutageContractView> {
    const { reachable, last_contact_at } = this.link.status;
    const { readOnly } = await this.entitlements.of(tenant);
    const hasOwnAi = (await this.endpoints.of(tenant.id)) !== null;
    const remaining: Readonly<Record<OutageNeed, OutageBehaviour>> = {
      nothing: 'works',
      // A lease from a file may be valid for longer than the stage says, and an unpaid bill ends it earlier.
      lease: readOnly === null ? 'works' : 'degraded',
      link: reachable ? 'works' : 'refused',
    };
    return {
      control_plane: { reachable, last_contact_at },
      stage: reachable ? null : this.stageSince(last_contact_at),
      capabilities: this.promises(hasOwnAi).map((promise) => ({
        key: promise.capability,
        title: OUTAGE_CAPABILITIES[promise.capability],
        now: remaining[promise.needs],
        stages: outageSteps(promise),
      })),
    };
  }

  private promises(hasOwnAi: boolean): readonly OutagePromise[] {
    const ofTheModel = this.deployment.profile.outageContract;
    if (!hasOwnAi) return ofTheModel;
    return ofTheModel.map((promise) => (promise.capability === 'ai' ? PROMISE_OF_OWN_AI : promise));
  }

  private stageSince(lastContactAt: Date | null): OutageStage {
    const silentMs = lastContactAt ? this.time.now().getTime() - lastContactAt.getTime() : Infinity;
    return outageStageAfter(silentMs);
  }
}
