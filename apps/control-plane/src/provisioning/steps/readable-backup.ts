import { databaseFailure } from '@atlas/platform';
import { Injectable } from '@nestjs/common';
import { type EntityManager } from 'typeorm';
import { type Manifest } from '@atlas/plane-contract';
import { hasLostCopy, placeOf } from '../../tenant-planes/placements';
import { type Transfer } from '../../transfers/transfer.entity';
import { Backups } from '../../transfers/backups.service';
import { isLossAccepted } from '../kept-copy';
import { type StepContext, StepFailure } from '../step';
import { backupIdIn, movedCopyLost, placeWithRows } from './back-up.step';

/** Nothing is removed but behind a backup that can be read. */
@Injectable()
export class ReadableBackup {
  constructor(private readonly backups: Backups) {}

  /** Of the backup that this job has made: an older one lacks what was written since. */
  async require({
    manager,
    tenantId,
    outputs,
    params,
  }: Pick<StepContext, 'manager' | 'tenantId' | 'outputs' | 'params'>): Promise<void> {
    const id = backupIdIn(outputs);
    const home = await placeOf(manager, tenantId);
    if (id === undefined && home && (await hasLostCopy(manager, home))) {
      if (await isLossAccepted(manager, params, home)) return;
      throw await movedCopyLost(manager, home);
    }
    if (id === undefined && !(await placeWithRows(manager, tenantId))) return;
    const backup = await this.backups.kept(manager, tenantId);
    if (!backup || backup.id !== id) throw unreadable('there is none');
    await this.read(manager, backup);
  }

  async read(manager: EntityManager, backup: Transfer): Promise<Manifest> {
    return this.backups.read(manager, backup).catch((error: Error) => {
      // That our database can't be asked says nothing of the backup.
      throw databaseFailure(error) ? error : unreadable(error.message);
    });
  }
}

function unreadable(why: string): StepFailure {
  const detail = `The backup cannot be read (${why}): nothing was removed.`;
  const fix =
    "Atlas on-call: roll the job back, find out what happened to the Control Plane's database, then deprovision the tenant again.";
  return new StepFailure('operator', 'backup_unreadable', detail, fix);
}
