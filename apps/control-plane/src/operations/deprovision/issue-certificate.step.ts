import { type StepResult, done } from '@atlas/jobs';
import { Injectable } from '@nestjs/common';
import { type ProvisioningContext, ProvisioningStep } from '../../provisioning-jobs/provisioning-step';
import { DeletionCertificates } from '../../tenants/deletion-certificates';

@Injectable()
export class IssueCertificateStep extends ProvisioningStep {
  readonly name = 'issue-certificate';
  readonly description = 'Mark the tenant deleted and sign its deletion certificate';
  readonly creates = ['deletion certificate'];

  constructor(private readonly certificates: DeletionCertificates) {
    super();
  }

  async run({ manager, tenantId, outputs }: ProvisioningContext): Promise<StepResult> {
    const erasedAt = outputs['erase-backup']?.['erased_at'];
    await this.certificates.close(manager, tenantId, typeof erasedAt === 'string' ? erasedAt : undefined);
    return done();
  }

  async undo(): Promise<void> {
    // Nothing to undo. The tenant stays deleted, so its certificate remains valid.
  }
}
