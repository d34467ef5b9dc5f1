import { type StepOutputs, type StepResult, done } from '@atlas/jobs';
import { Injectable } from '@nestjs/common';
import {
  NO_SUSPENSION,
  type Suspension,
  TenantStatusPublisher,
} from '../../desired-state/tenant-status-publisher';
import { type ProvisioningContext, ProvisioningStep } from '../../provisioning-jobs/provisioning-step';
import { requireTenant } from '../../tenants/tenants';

@Injectable()
export class ResumeStep extends ProvisioningStep {
  readonly name = 'resume';
  readonly description = 'Make the tenant active again, and publish its new status';
  readonly creates = [];

  constructor(private readonly publisher: TenantStatusPublisher) {
    super();
  }

  async run({ manager, tenantId }: ProvisioningContext): Promise<StepResult> {
    const { suspendedAt, suspensionReason, billingJobId } = await requireTenant(manager, tenantId);
    await this.publisher.set(manager, tenantId, 'active', NO_SUSPENSION);
    return done({
      suspended_at: suspendedAt?.toISOString() ?? null,
      reason: suspensionReason,
      billing_job_id: billingJobId,
    });
  }

  async undo({ manager, tenantId, outputs }: ProvisioningContext): Promise<void> {
    const out = outputs[this.name] ?? {};
    // A step that has not run has cleared nothing.
    const cleared = 'suspended_at' in out ? suspensionIn(out) : {};
    await this.publisher.set(manager, tenantId, 'suspended', cleared);
  }
}

function suspensionIn({ suspended_at: at, reason, billing_job_id: jobId }: StepOutputs): Suspension {
  return {
    suspendedAt: typeof at === 'string' ? new Date(at) : null,
    suspensionReason: typeof reason === 'string' ? reason : null,
    billingJobId: typeof jobId === 'string' ? jobId : null,
  };
}
