import { type StepResult, done } from '@atlas/jobs';
import { Clock } from '@atlas/platform';
import { Injectable } from '@nestjs/common';
import { type ProvisioningContext, ProvisioningStep } from '../../provisioning-jobs/provisioning-step';
import { Tenant } from '../../registry/tenant.entity';
import { Backups } from '../../transfers/backups';
import { RestoredCopy } from '../../transfers/restored-copy';

@Injectable()
export class EraseBackupStep extends ProvisioningStep {
  readonly name = 'erase-backup';
  readonly description = "Erase the tenant's backup, if any, starting with its key";
  readonly creates = [];

  constructor(
    private readonly backups: Backups,
    private readonly copy: RestoredCopy,
    private readonly clock: Clock,
  ) {
    super();
  }

  async run(context: ProvisioningContext): Promise<StepResult> {
    const reopened = await this.copy.reopenIfLost(context);
    if (reopened) return reopened;
    const { manager, tenantId } = context;
    await manager.update(Tenant, { id: tenantId }, { restorableUntil: null });
    await this.backups.erase(manager, tenantId);
    return done({ erased_at: this.clock.now().toISOString() });
  }

  async undo(): Promise<void> {
    // Erasure cannot be undone.
  }
}
