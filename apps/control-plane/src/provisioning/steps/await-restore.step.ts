import { Injectable } from '@nestjs/common';
import { DesiredStates } from '../../tenant-planes/desired-state.service';
import { Backups } from '../../transfers/backups.service';
import { isWhole } from '../../transfers/transfers.service';
import { Step, StepFailure, type StepContext, type StepResult, done, wait } from '../step';
import { copyTrouble } from './copy-trouble';

const PATIENCE_MS = 24 * 3_600_000;

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
    if (isWhole(backup)) return done({ parts: backup.parts });
    if (await this.backups.renewPlaneKey(manager, backup))
      await this.desiredStates.publish(manager, { tenantId, tenantPlaneId: backup.targetPlaneId });
    const trouble = await copyTrouble(manager, backup);
    const until = new Date(startedAt.getTime() + PATIENCE_MS);
    return wait('the tenant plane to import the backup', until, trouble);
  }

  async undo(): Promise<void> {
    // Waiting leaves nothing behind.
  }
}
