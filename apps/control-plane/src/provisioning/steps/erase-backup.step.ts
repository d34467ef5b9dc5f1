import { Clock } from '@atlas/platform';
import { Injectable } from '@nestjs/common';
import { Tenant } from '../../tenants/tenant.entity';
import { Backups } from '../../transfers/backups.service';
import { Step, type StepContext, type StepResult, done } from '../step';

@Injectable()
export class EraseBackupStep extends Step {
  readonly name = 'erase-backup';
  readonly description = "Erase the tenant's backup, if there is one, its key first";
  readonly creates = [];

  constructor(
    private readonly backups: Backups,
    private readonly clock: Clock,
  ) {
    super();
  }

  async run({ manager, tenantId }: StepContext): Promise<StepResult> {
    await manager.update(Tenant, { id: tenantId }, { restorableUntil: null });
    await this.backups.erase(manager, { tenantId });
    return done({ erased_at: this.clock.now().toISOString() });
  }

  async undo(): Promise<void> {
    // What is erased does not come back.
  }
}
