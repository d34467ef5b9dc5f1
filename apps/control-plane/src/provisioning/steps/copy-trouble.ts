import { type EntityManager, In } from 'typeorm';
import { Placement } from '../../tenant-planes/placement.entity';
import { troubleAt } from '../../tenant-planes/placements';
import { type Transfer } from '../../transfers/transfer.entity';
import { StepFailure } from '../step';

/**
 * What either plane fails of and tries again, or null. Throws what the target says is wrong with the copy: the move is undone
 * then, and the tenant stays where it is.
 */
export async function copyTrouble(manager: EntityManager, transfer: Transfer): Promise<string | null> {
  const { tenantId, sourcePlaneId, targetPlaneId } = transfer;
  const tenantPlaneId = In([sourcePlaneId, targetPlaneId]);
  const places = await manager.findBy(Placement, { tenantId, tenantPlaneId });
  const target = places.find((place) => place.tenantPlaneId === targetPlaneId);
  if (target?.reportedState === 'failed' && target.reportedRevision >= target.entryRevision)
    throw copyFailed(target.reportedError ?? 'no reason given');
  return places.map(troubleAt).find((trouble) => trouble !== null) ?? null;
}

function copyFailed(why: string): StepFailure {
  const detail = `The new tenant plane could not take the copy: ${why}`;
  const fix =
    'The move undoes itself, the tenant works where it was. Atlas on-call: fix what the new tenant plane says, then move the tenant again.';
  return new StepFailure('fatal', 'copy_failed', detail, fix);
}
