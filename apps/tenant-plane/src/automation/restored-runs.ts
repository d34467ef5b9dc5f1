import { type TenantScope } from '@atlas/persistence';
import { Clock } from '@atlas/platform';
import { type StepErrorView } from '@atlas/tenant-api/automation';
import { Injectable } from '@nestjs/common';
import { OldCopies } from '../tenancy/old-copies';
import { OUTCOME_UNKNOWN, moved } from './run-progress';
import { RunStep } from './run-step.entity';
import { RunStore, lockedRun } from './run-store';

const WAS_QUEUED: StepErrorView = {
  code: OUTCOME_UNKNOWN,
  detail:
    "This tenant's data was restored as it was while this step was queued. The step may have run since " +
    'then. Check its effect, then retry the run to run the step again.',
};

/**
 * Ends the steps that are queued in an old copy of a tenant, because they may have run since. Steps that are
 * leased in it end when their leases expire. Steps that wait for a person still do. After a move, steps go
 * on, because nothing is older.
 */
@Injectable()
export class RestoredRuns {
  constructor(
    private readonly store: RunStore,
    private readonly clock: Clock,
    oldCopies: OldCopies,
  ) {
    oldCopies.on((scope) => this.endQueued(scope));
  }

  /** Nobody else writes to the tenant yet, so the order of locks does not matter. */
  private async endQueued(scope: TenantScope): Promise<void> {
    const queued = await scope.find(RunStep, { where: { status: 'queued' }, order: { runId: 'ASC' } });
    const end = { finishedAt: this.clock.now(), error: WAS_QUEUED };
    for (const step of queued)
      await this.store.store(scope, await lockedRun(scope, step.runId), [
        moved(moved(step, 'running'), 'failed', end),
      ]);
  }
}
