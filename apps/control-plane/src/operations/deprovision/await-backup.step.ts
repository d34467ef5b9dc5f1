import { StepFailure, type StepResult, back, done, wait } from '@atlas/jobs';
import { type Manifest } from '@atlas/plane-contract';
import { Injectable } from '@nestjs/common';
import { type EntityManager } from 'typeorm';
import { DesiredStates } from '../../desired-state/desired-states';
import { type ProvisioningContext, ProvisioningStep } from '../../provisioning-jobs/provisioning-step';
import { Placement } from '../../registry/placement.entity';
import { hasLostCopy, troubleAt } from '../../registry/placements';
import { type Transfer } from '../../registry/transfer.entity';
import { Backups } from '../../transfers/backups';
import { isWhole } from '../../transfers/transfers';
import { backupIdIn, placeWithRows } from './back-up.step';
import { ReadableBackup } from './readable-backup';

const PATIENCE_MS = 24 * 3_600_000;

/** Waits until the backup has been restored into a scratch database and matches the original. */
@Injectable()
export class AwaitBackupStep extends ProvisioningStep {
  readonly name = 'await-backup';
  readonly description = 'Wait until a trial restore of the backup yields matching counts and checksums';
  readonly creates = [];
  override readonly isAtomic = false;
  override readonly takesLong = ['run'] as const;

  constructor(
    private readonly backups: Backups,
    private readonly readable: ReadableBackup,
    private readonly desiredStates: DesiredStates,
  ) {
    super();
  }

  async run({ manager, tenantId, outputs, startedAt, write }: ProvisioningContext): Promise<StepResult> {
    if (backupIdIn(outputs) === undefined) return done();
    const backup = await this.backups.live(manager, tenantId);
    if (!backup) return done(tally((await this.backups.kept(manager, tenantId))?.manifest ?? {}));
    // Check the home only after reading the backup. This notices a replacement of
    // the home's database, whether it came before or after the backup was made.
    const home = await placeWithRows(manager, tenantId);
    if (home && (await hasLostCopy(manager, home))) return back('back-up');
    if (isWhole(backup)) {
      const manifest = await this.read(manager, backup);
      if (manifest && (await write((transaction) => this.backups.keep(transaction, backup, manifest))))
        return done(tally(manifest));
    }
    const { targetPlaneId: tenantPlaneId } = backup;
    await write((transaction) => this.renewKey(transaction, backup));
    const place = await manager.findOneByOrFail(Placement, { tenantId, tenantPlaneId });
    if (place.reportedState === 'failed' && place.reportedRevision >= place.entryRevision) {
      // The plane may have reported the loss of its copy since the check above.
      if (await hasLostCopy(manager, place)) return back('back-up');
      const detail =
        'The backup failed or differs from the original. Nothing was removed. Reason: ' +
        `${place.reportedError ?? 'none given'}`;
      const fix =
        'Atlas on-call: check the log of the tenant plane (was there enough disk space for the trial ' +
        'restore?), then retry the job.';
      throw new StepFailure('operator', 'backup_not_verified', detail, fix);
    }
    return wait(
      'the backup and its trial restore',
      new Date(startedAt.getTime() + PATIENCE_MS),
      troubleAt(place),
    );
  }

  private async renewKey(manager: EntityManager, backup: Transfer): Promise<void> {
    const { tenantId, targetPlaneId: tenantPlaneId } = backup;
    if (await this.backups.renewPlaneKey(manager, backup))
      await this.desiredStates.publish(manager, { tenantId, tenantPlaneId });
  }

  /**
   * Returns null if the plane has restarted the backup in
   * the meantime, because the backup is then incomplete.
   */
  private async read(manager: EntityManager, backup: Transfer): Promise<Manifest | null> {
    try {
      return await this.readable.read(manager, backup);
    } catch (error) {
      const now = await this.backups.live(manager, backup.tenantId);
      if (now?.attempt === backup.attempt) throw error;
      return null;
    }
  }

  async undo(): Promise<void> {
    // Nothing to undo here. Undoing the step `back-up` erases the backup.
  }
}

function tally(manifest: Readonly<Record<string, { readonly rows: number }>>): Record<string, number> {
  return Object.fromEntries(Object.entries(manifest).map(([table, { rows }]) => [`rows_${table}`, rows]));
}
