import { type StepStatus } from '../jobs/job';
import { type ProvisioningJob } from './job.entity';
import { OPERATION_RULES } from './operation-rules';

/** The statuses in which the step does not pause writes: it has not run yet, or is undone. */
const WITHOUT_EFFECT: readonly StepStatus[] = ['pending', 'undone', 'skipped'];

/** The pause of a tenant's writes that a job has begun. While the job is undone, the pause has no deadline. */
export interface Pause {
  readonly until: Date | null;
}

export function pauseOf({
  operation,
  direction,
  steps,
}: Pick<ProvisioningJob, 'operation' | 'direction' | 'steps'>): Pause | null {
  const { pausesWrites } = OPERATION_RULES[operation];
  const step = steps.find(({ name }) => name === pausesWrites?.from);
  if (!pausesWrites || !step || WITHOUT_EFFECT.includes(step.status)) return null;
  if (direction === 'undo') return { until: null };
  if (step.status !== 'done') return null;
  return { until: new Date(Date.parse(step.finished_at ?? '') + pausesWrites.atMostMs) };
}
