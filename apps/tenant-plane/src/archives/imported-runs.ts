import { type TenantScope } from '@atlas/persistence';
import { type StepErrorView } from '@atlas/tenant-api/automation';
import { In, IsNull, Not } from 'typeorm';
import { FINAL_STATUSES, OUTCOME_UNKNOWN } from '../automation/run-progress';
import { RunStep } from '../automation/run-step.entity';
import { Run } from '../automation/run.entity';

const RUNS_A_STATEMENT = 500;

const WAS_RUNNING: StepErrorView = {
  code: OUTCOME_UNKNOWN,
  detail:
    'This step was running when the data was exported, so it may have run. Check its effect, then run the ' +
    'runbook again if necessary.',
};
const WAS_WAITING: StepErrorView = {
  code: 'imported',
  detail: 'The run had not ended when the data was exported. Run the runbook again.',
};

/**
 * Cancels imported runs that were under way when their tenant was exported, because they go on there. No step
 * of an archive may run, whatever its run says: it was not approved here.
 */
export async function cancelUnended(scope: TenantScope, now: Date): Promise<void> {
  const cancelled = { status: 'cancelled', finishedAt: now } as const;
  const waiting = In(['waiting_approval', 'waiting_manual', 'queued']);
  await scope.update(RunStep, { status: 'running' }, { ...cancelled, error: WAS_RUNNING });
  await scope.update(RunStep, { status: waiting }, { ...cancelled, error: WAS_WAITING });
  await scope.update(Run, { dueAt: Not(IsNull()) }, { dueAt: null });
  const where = { status: Not(In([...FINAL_STATUSES])) };
  for (;;) {
    const runs = await scope.find(Run, { where, take: RUNS_A_STATEMENT });
    if (runs.length === 0) return;
    const ids = runs.map(({ id }) => id);
    await scope.update(RunStep, { runId: In(ids), status: 'pending' }, cancelled);
    await scope.update(Run, { id: In(ids) }, cancelled);
  }
}
