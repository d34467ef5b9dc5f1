import { StepFailure } from '@atlas/jobs';
import { type EntityManager, In } from 'typeorm';
import { Placement } from '../registry/placement.entity';
import { troubleAt } from '../registry/placements';
import { type Transfer } from '../registry/transfer.entity';

/**
 * Why the source or the target is currently retrying, or null if neither is.
 * @throws StepFailure if the target reports that the copy is bad. The move or restore is then undone.
 */
export async function copyTrouble(manager: EntityManager, transfer: Transfer): Promise<string | null> {
  const { tenantId, sourcePlaneId, targetPlaneId } = transfer;
  const tenantPlaneId = In([sourcePlaneId, targetPlaneId]);
  const places = await manager.findBy(Placement, { tenantId, tenantPlaneId });
  const target = places.find((place) => place.tenantPlaneId === targetPlaneId);
  if (target?.reportedState === 'failed' && target.reportedRevision >= target.entryRevision)
    throw copyFailed(transfer, target.reportedError ?? 'no reason given');
  return places.map(troubleAt).find((trouble) => trouble !== null) ?? null;
}

const FIX = {
  move:
    'The move is undone automatically, and the tenant stays where it was. Atlas on-call: fix what the ' +
    'new tenant plane reports, then move the tenant again.',
  restore:
    'The restore is undone automatically, and the backup is kept. Atlas on-call: fix what the tenant ' +
    'plane reports, then restore the tenant again.',
};

function copyFailed({ purpose }: Transfer, why: string): StepFailure {
  const isMove = purpose === 'move';
  const detail = isMove
    ? `The new tenant plane could not import the copy: ${why}`
    : `The tenant plane could not import the backup: ${why}`;
  return new StepFailure('fatal', 'copy_failed', detail, FIX[isMove ? 'move' : 'restore']);
}
