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

/** Ensures that a tenant's rows are removed only once a readable backup of them exists. */
@Injectable()
export class ReadableBackup {
  constructor(private readonly backups: Backups) {}

  /**
   * Throws unless the backup that this job relies on, if any, is readable.
   * An older backup does not count, because it lacks later writes.
   */
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
   * Returns the tenant's home if the tenant has rows that this job has not backed up. This
   * happens if rows that were believed lost have reappeared at the home or the old home, or if
   * the home still has rows for which an earlier backup was kept. Call it in the transaction
   * that removes rows. Its locks block enrolments and reports by the tenant's planes.
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
      // A failure of our own database says nothing about the backup.
      throw databaseFailure(error) ? error : unreadable(error.message);
    });
  }
}

function unreadable(why: string): StepFailure {
  const detail = `The backup cannot be read (${why}). No more rows are removed.`;
  const fix =
    "Atlas on-call: find out what happened to the Control Plane's database. If nothing has been " +
    'removed yet, roll the job back, then deprovision the tenant again. Otherwise restore that ' +
    'database, then retry the job.';
  return new StepFailure('operator', 'backup_unreadable', detail, fix);
}
