import { type TenantScope, lockedForUpdate } from '@atlas/persistence';
import { uuidv7 } from '@atlas/tenancy';
import { Injectable } from '@nestjs/common';
import { In, LessThanOrEqual } from 'typeorm';
import { ofNoOpenIncident } from '../incidents/of-no-open-incident';
import { HISTORY_BATCH, type OldBatch, OldHistory } from '../retention/old-history';
import { RunStep } from './run-step.entity';
import { Run } from './run.entity';
import { StepOutput } from './step-output.entity';

/** Deletes the outputs of runs that ended long ago. The runs and the results of their steps stay. */
@Injectable()
export class OldOutputs {
  constructor(history: OldHistory) {
    history.on(deleteOldOutputs);
  }
}

async function deleteOldOutputs(scope: TenantScope, { before, after }: OldBatch): Promise<string | null> {
  const old = await scope
    .query(StepOutput, 'output')
    .innerJoin(RunStep, 'step', 'step.tenantId = output.tenantId and step.id = output.stepId')
    .innerJoin(Run, 'run', 'run.tenantId = step.tenantId and run.id = step.runId')
    .select('output.stepId', 'id')
    .addSelect('run.id', 'runId')
    // No run ends before its steps are created.
    .andWhere('output.stepId > :after and output.stepId < :until', {
      after,
      until: uuidv7(new Date(before.getTime() + 1)),
    })
    .andWhere('run.finishedAt <= :before', { before })
    .andWhere(ofNoOpenIncident('run'))
    .orderBy('output.stepId')
    .limit(HISTORY_BATCH)
    .getRawMany<{ id: string; runId: string }>();
  if (old.length === 0) return null;
  const ended = await endedRuns(
    scope,
    old.map(({ runId }) => runId),
    before,
  );
  const ids = old.filter(({ runId }) => ended.has(runId)).map(({ id }) => id);
  if (ids.length > 0) await scope.delete(StepOutput, { stepId: In(ids) });
  return old.length < HISTORY_BATCH ? null : (old.at(-1)?.id ?? null);
}

/** Locks the runs. A run that someone has just retried has not ended any more. */
async function endedRuns(
  scope: TenantScope,
  ids: readonly string[],
  before: Date,
): Promise<ReadonlySet<string>> {
  const where = { id: In([...new Set(ids)]), finishedAt: LessThanOrEqual(before) };
  const runs = await lockedForUpdate(scope.query(Run, 'run').andWhere(where).orderBy('run.id')).getMany();
  return new Set(runs.map(({ id }) => id));
}
