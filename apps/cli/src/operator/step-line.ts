import { type StepView } from '../control-plane/views';
import { durationText, onOneLine } from '../text';

const GREEN = '32';
const RED = '31';
const YELLOW = '33';
const GREY = '90';

interface Mark {
  readonly sign: string;
  readonly colour: string;
}

const MARKS: Readonly<Record<string, Mark>> = {
  pending: { sign: '·', colour: GREY },
  running: { sign: '…', colour: YELLOW },
  waiting: { sign: '…', colour: YELLOW },
  done: { sign: '✓', colour: GREEN },
  failed: { sign: '✗', colour: RED },
  undone: { sign: '↩', colour: YELLOW },
  skipped: { sign: '-', colour: GREY },
};

export function markOf({ status }: StepView): Mark {
  return MARKS[status] ?? { sign: '?', colour: GREY };
}

/** A step's name, status, duration and attempt, and what the step waits for or why it failed. */
export function stepText(step: StepView, nameWidth: number, now: number): string {
  const { name, status, attempt, error, waiting_for: waitingFor } = step;
  const parts = [
    name.padEnd(nameWidth),
    status.padEnd('running'.length),
    ageOf(step, now),
    attempt > 1 && `attempt ${attempt}`,
    waitingFor && `waits for ${waitingFor}`,
    status === 'waiting' && !waitingFor && error && 'will retry',
    error && `${error.code}: ${error.detail}`,
  ];
  return onOneLine(parts.filter(Boolean).join('  ')).trimEnd();
}

/** How long the step took or has been running. */
function ageOf({ started_at: startedAt, finished_at: finishedAt, status }: StepView, now: number): string {
  if (!startedAt || ['pending', 'skipped'].includes(status)) return '';
  // Without the time of the failure, the duration is unknown.
  if (status === 'failed' && !finishedAt) return '';
  return durationText((finishedAt ? Date.parse(finishedAt) : now) - Date.parse(startedAt));
}
