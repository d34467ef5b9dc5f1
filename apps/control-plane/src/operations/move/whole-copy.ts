import { StepFailure, type StepResult, wait } from '@atlas/jobs';
import { type EntityManager } from 'typeorm';
import { MAX_FREEZE_MS } from '../../provisioning-jobs/operation-rules';
import { type Transfer } from '../../registry/transfer.entity';
import { copyTrouble } from '../../transfers/copy-trouble';
import { isWhole } from '../../transfers/transfers';

/**
 * What a move waits for while its frozen source has more than the target; null once it has not. Asked again
 * by whoever makes the target the home: one that was whole may have begun anew since.
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
  const last = trouble === null ? '' : ` (what failed last: ${trouble})`;
  const detail =
    `The last changes did not arrive in time${last}. The move was undone, and the tenant is served ` +
    'where it was.';
  throw new StepFailure('fatal', 'freeze_too_long', detail);
}
