import { type EntityManager } from 'typeorm';
import { Placement } from '../../tenant-planes/placement.entity';
import { type Transfer } from '../../transfers/transfer.entity';
import { StepFailure } from '../step';

/** What the target says is wrong with the copy, or null: the move is undone then, and the tenant stays where it is. */
export async function copyFailure(manager: EntityManager, transfer: Transfer): Promise<StepFailure | null> {
  const { tenantId, targetPlaneId: tenantPlaneId } = transfer;
  const target = await manager.findOneByOrFail(Placement, { tenantId, tenantPlaneId });
  const isAboutThis = target.reportedState === 'failed' && target.reportedRevision >= target.entryRevision;
  if (!isAboutThis) return null;
  const detail = `The new tenant plane could not take the copy: ${target.reportedError ?? 'no reason given'}`;
  const fix =
    'The move undoes itself, the tenant works where it was. Atlas on-call: fix what the new tenant plane says, then move the tenant again.';
  return new StepFailure('fatal', 'copy_failed', detail, fix);
}
