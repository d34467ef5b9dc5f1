import { type JobView } from '../control-plane/views';
import { durationText, onOneLine } from '../text';

/** How a job has ended: why, and what there is to do about it. */
export function outcomeText(job: JobView): string {
  const { operation, status, steps, error: ofJob, created_at: createdAt, finished_at: finishedAt } = job;
  const failed = steps.find((step) => step.status === 'failed');
  const error = failed?.error ?? ofJob;
  const where = failed ? ` at ${failed.name}` : '';
  const took = finishedAt ? ` after ${durationText(Date.parse(finishedAt) - Date.parse(createdAt))}` : '';
  const reason = error
    ? `\n  ${error.code} (${error.class}): ${onOneLine(error.detail)}\n  ${onOneLine(error.fix)}`
    : '';
  return `${operation} ${status}${where}${took}.${reason}\n${waysText(job)}`;
}

function waysText({ id, status, steps }: JobView): string {
  if (status === 'succeeded') return '';
  if (steps.every((step) => ['undone', 'skipped'].includes(step.status))) return 'All is undone.\n';
  const when = status === 'failed' ? 'Once that is fixed, go on' : 'Go on';
  return `${when} from there: atlas retry ${id}\nOr undo what was done: atlas rollback ${id}\n`;
}
