import { type JobView } from '../control-plane/views';
import { CommandFailure } from '../failure';
import { failureText } from '../failure-text';
import { durationText, onOneLine } from '../text';

/** How a job finished, why, and what the user can do next. */
export function outcomeText(job: JobView, connection = ''): string {
  return failureText(unexpectedEnd(job, connection));
}

/**
 * The failure to report for a job that did not finish with its goal status. The commands in its hint end
 * with `connection`.
 */
export function unexpectedEnd(job: JobView, connection = ''): CommandFailure {
  const error = errorOf(job);
  const reason = error && [
    `${error.code} (${error.class}): ${onOneLine(error.detail)}`,
    onOneLine(error.fix),
  ];
  return new CommandFailure(endText(job), {
    code: error?.code ?? `job_${job.status}`,
    notes: reason ?? [],
    hint: waysText(job, connection),
    facts: { job_id: job.id, status: job.status, ...(error && { error }) },
  });
}

function endText(job: JobView): string {
  const { operation, status, created_at: createdAt, finished_at: finishedAt } = job;
  const failed = failedStepOf(job);
  const where = failed ? ` at ${failed.name}` : '';
  const took = finishedAt ? ` after ${durationText(Date.parse(finishedAt) - Date.parse(createdAt))}` : '';
  return `${operation} ${status}${where}${took}.`;
}

function waysText({ id, status, steps }: JobView, connection: string): string | undefined {
  if (status === 'succeeded') return undefined;
  if (steps.every((step) => ['undone', 'skipped'].includes(step.status))) return 'Everything was undone.';
  const when = status === 'failed' ? 'Once the cause is fixed, resume it' : 'Resume it';
  return `${when}: atlas retry ${id}${connection}\nOr undo what was done: atlas rollback ${id}${connection}`;
}

function errorOf(job: JobView): JobView['error'] {
  return failedStepOf(job)?.error ?? job.error;
}

function failedStepOf({ steps }: JobView) {
  return steps.find((step) => step.status === 'failed');
}
