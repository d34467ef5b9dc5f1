import { StepFailure } from '@atlas/jobs';
import { type Manifest } from '@atlas/plane-contract';
import { databaseFailure } from '@atlas/platform';
import { Injectable } from '@nestjs/common';
import { type EntityManager } from 'typeorm';
import { type ProvisioningContext } from '../../provisioning-jobs/provisioning-step';
import { Placement } from '../../registry/placement.entity';
import { hasLostCopy, placeOf } from '../../registry/placements';
import { lockPlanes } from '../../registry/plane-lock';
import { type Transfer } from '../../registry/transfer.entity';
import { lockTenant } from '../../tenants/tenants';
import { Backups } from '../../transfers/backups';
import { isLossAccepted } from '../../transfers/kept-copy';
import { backupIdIn, keptBackupIdIn, ownBackupIdIn, placeWithRows } from './back-up.step';

/** Nothing is removed but behind a backup that can be read. */
@Injectable()
export class ReadableBackup {
  constructor(private readonly backups: Backups) {}

  /** Of the backup that this job goes by, if any: an older one lacks what was written since. */
  async require({
    manager,
    tenantId,
    outputs,
  }: Pick<ProvisioningContext, 'manager' | 'tenantId' | 'outputs'>): Promise<void> {
    const id = backupIdIn(outputs);
    if (id === undefined) return;
    const backup = await this.backups.kept(manager, tenantId);
    if (!backup || backup.id !== id) throw unreadable('there is none');
    await this.read(manager, backup);
  }

  /**
   * For the transaction that removes. Answers with the home of a tenant that this job has made no backup of
   * although its rows are there: those that were given up are at the home or the old home again, or those
   * that a kept backup was to stand for are at the home. Nobody enrols as one of the tenant's planes, and no
   * report of one comes in, before that transaction has ended.
   */
  async homeWithout(
    manager: EntityManager,
    { tenantId, outputs, params }: Pick<ProvisioningContext, 'tenantId' | 'outputs' | 'params'>,
  ): Promise<Placement | null> {
    if (ownBackupIdIn(outputs) !== undefined) return null;
    await lockTenant(manager, tenantId);
    const places = await manager.findBy(Placement, { tenantId });
    await lockPlanes(
      manager,
      places.map(({ tenantPlaneId }) => tenantPlaneId),
    );
    const home = await placeOf(manager, tenantId);
    if (!home || !(await hasLostCopy(manager, home))) return placeWithRows(manager, tenantId);
    if (home.restoredFrom !== null && home.restoredFrom === keptBackupIdIn(outputs)) return null;
    return (await isLossAccepted(manager, params, home)) ? null : home;
  }

  async read(manager: EntityManager, backup: Transfer): Promise<Manifest> {
    return this.backups.read(manager, backup).catch((error: Error) => {
      // That our database can't be asked says nothing of the backup.
      throw databaseFailure(error) ? error : unreadable(error.message);
    });
  }
}

function unreadable(why: string): StepFailure {
  const detail = `The backup cannot be read (${why}): nothing more is removed.`;
  const fix =
    "Atlas on-call: find out what happened to the Control Plane's database. If nothing was removed " +
    'yet, roll the job back, then deprovision the tenant again; otherwise restore that database, ' +
    'then retry the job.';
  return new StepFailure('operator', 'backup_unreadable', detail, fix);
}
