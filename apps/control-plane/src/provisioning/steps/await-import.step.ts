import { Clock } from '@atlas/platform';
import { Injectable } from '@nestjs/common';
import { Transfers, isWhole } from '../../transfers/transfers.service';
import { Step, StepFailure, type StepContext, type StepResult, done, wait } from '../step';
import { copyTrouble } from './copy-trouble';

/** Writes do not pause for longer than this: the move is undone then. */
const MAX_FREEZE_MS = 30_000;

/** Waits until the target has everything, and has found it to be the same. */
@Injectable()
export class AwaitImportStep extends Step {
  readonly name = 'await-import';
  readonly description = 'Wait until the new tenant plane has everything, with equal counts and checksums';
  readonly creates = [];

  constructor(
    private readonly transfers: Transfers,
    private readonly clock: Clock,
  ) {
    super();
  }

  async run({ manager, tenantId }: StepContext): Promise<StepResult> {
    const transfer = await this.transfers.live(manager, tenantId);
    if (!transfer?.frozenAt) throw new StepFailure('fatal', 'no_transfer', 'The transfer has ended.');
    if (isWhole(transfer)) return done();
    const trouble = await copyTrouble(manager, transfer);
    const until = new Date(transfer.frozenAt.getTime() + MAX_FREEZE_MS);
    if (until > this.clock.now()) return wait('the last changes to arrive', until, trouble);
    const last = trouble === null ? '' : ` (what failed last: ${trouble})`;
    const detail = `The last changes did not arrive in time${last}. The move was undone: the tenant works where it was.`;
    throw new StepFailure('fatal', 'freeze_too_long', detail);
  }

  async undo(): Promise<void> {
    // Waiting leaves nothing behind.
  }
}
