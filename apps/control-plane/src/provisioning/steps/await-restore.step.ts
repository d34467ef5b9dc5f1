import { Injectable } from '@nestjs/common';
import { DesiredStates } from '../../tenant-planes/desired-state.service';
import { Backups } from '../../transfers/backups.service';
import { isWhole } from '../../transfers/transfers.service';
import { Step, StepFailure, type StepContext, type StepResult, done } from '../step';
import { unlessRestored } from './whole-copy';

@Injectable()
export class AwaitRestoreStep extends Step {
  readonly name = 'await-restore';
  readonly description = 'Wait until the tenant plane has everything, with equal counts and checksums';
  readonly creates = [];

  constructor(
    private readonly backups: Backups,
    private readonly desiredStates: DesiredStates,
  ) {
    super();
  }

  async run({ manager, tenantId, startedAt }: StepContext): Promise<StepResult> {
    const backup = await this.backups.live(manager, tenantId);
    if (!backup) throw new StepFailure('fatal', 'no_backup', 'The restore has ended.');
    // First: what a plane with another key says of the copy is about the key that it cannot use.
    if (!isWhole(backup) && (await this.backups.renewPlaneKey(manager, backup)))
      await this.desiredStates.publish(manager, { tenantId, tenantPlaneId: backup.targetPlaneId });
    return (await unlessRestored(manager, backup, startedAt)) ?? done({ parts: backup.parts });
  }

  async undo(): Promise<void> {
    // Waiting leaves nothing behind.
  }
}
