import { StepFailure, type StepResult, wait } from '@atlas/jobs';
import { type EntityManager } from 'typeorm';
import { MAX_FREEZE_MS } from '../../provisioning-jobs/operation-rules';
import { type Transfer } from '../../registry/transfer.entity';
import { copyTrouble } from '../../transfers/copy-trouble';
import { isWhole } from '../../transfers/transfers';

/**
 * What the move is still waiting for, or null once the target has all rows of the frozen source. Call
 * it again when making the target the home, because the target may have restarted its import by then.
 */
export async function unlessMoved(
  manager: EntityManager,
  transfer: Transfer,
  { frozenAt, now }: { readonly frozenAt: Date; readonly now: Date },
): Promise<StepResult | null> {
  if (isWhole(transfer)) return null;
  const trouble = await copyTrouble(manager, transfer);
  const until = new Date(frozenAt.getTime() + MAX_FREEZE_MS);
  if (until > now) return wait('the last changes to arrive', until, trouble);
  const last = trouble === null ? '' : ` (last failure: ${trouble})`;
  const detail =
    `The last changes did not arrive in time${last}. The move was undone, and the tenant is still ` +
    'served by its old tenant plane.';
  throw new StepFailure('fatal', 'freeze_too_long', detail);
}
