import { Injectable } from '@nestjs/common';
import { profileOf } from '@atlas/deployment-profiles';
import { type EntityManager } from 'typeorm';
import { DesiredStates } from '../../tenant-planes/desired-state.service';
import { placeOf } from '../../tenant-planes/placements';
import { TenantPlane } from '../../tenant-planes/tenant-plane.entity';
import { Tenant } from '../../tenants/tenant.entity';
import { Backups } from '../../transfers/backups.service';
import { Step, type StepContext, type StepResult, done } from '../step';

/** Has the tenant plane send the tenant's rows, encrypted to a key of this backup's own, and restore them for a trial. */
@Injectable()
export class BackUpStep extends Step {
  readonly name = 'back-up';
  readonly description = "Back up the tenant's rows, encrypted, as they are when nothing is written any more";
  readonly creates = ['backup'];

  constructor(
    private readonly backups: Backups,
    private readonly desiredStates: DesiredStates,
  ) {
    super();
  }

  async run({ manager, tenantId }: StepContext): Promise<StepResult> {
    const place = await placeWithRows(manager, tenantId);
    if (!place) return done({ backup: 'none: the tenant was never used' });
    const backup = await this.backups.begin(manager, tenantId, place.tenantPlaneId);
    await this.desiredStates.publish(manager, place);
    return done({ backup_id: backup.id });
  }

  /** Only its own: one that is there from before is still the only one that was verified. */
  async undo({ manager, tenantId, outputs }: StepContext): Promise<void> {
    const id = backupIdIn(outputs);
    if (id !== undefined) await this.backups.erase(manager, { tenantId, id });
    const place = await placeWithRows(manager, tenantId);
    if (place) await this.desiredStates.publish(manager, place);
  }
}

/** The backup that this job has made, or is about to. Undefined where there is nothing to back up. */
export function backupIdIn(outputs: StepContext['outputs']): string | undefined {
  return outputs['back-up']?.['backup_id'] as string | undefined;
}

/** Where rows of the tenant are that nobody but us backs up. One that was never active has none. */
export async function placeWithRows(manager: EntityManager, tenantId: string) {
  const { activeAt } = await manager.findOneByOrFail(Tenant, { id: tenantId });
  const home = await placeOf(manager, tenantId);
  if (activeAt === null || !home || home.entryRevision === 0) return null;
  const { deploymentModel } = await manager.findOneByOrFail(TenantPlane, { id: home.tenantPlaneId });
  return profileOf(deploymentModel).runBy.tenantPlane === 'atlas' ? home : null;
}
