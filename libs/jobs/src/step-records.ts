import { type StepOutputs, type StepState } from './job';
import { type JobRow } from './job-row';
import { StepFailure, type StepResult } from './step';

/** Undefined once every step is done or undone. */
export function nextOf({ direction, steps }: JobRow): StepState | undefined {
  if (direction === 'run') return steps.find(({ status }) => status !== 'done');
  return steps.findLast(({ status }) => status !== 'undone' && status !== 'skipped');
}

/**
 * Notes in this copy of the job that the step is done, along with the steps in `also`, and that the next step
 * has begun.
 */
export function noteDone(
  job: JobRow,
  state: StepState,
  { outputs, also = {} }: Extract<StepResult, { kind: 'done' }>,
  now: Date,
): void {
  const at = now.toISOString();
  for (const step of job.steps) {
    const made = step === state ? outputs : also[step.name];
    if (made) Object.assign(step, doneAt(at, step, made));
  }
  job.error = null;
  const next = job.steps.slice(job.steps.indexOf(state) + 1).find(({ status }) => status !== 'done');
  const begun = { status: 'running', started_at: at, finished_at: null };
  if (next) Object.assign(next, { ...begun, attempt: next.attempt + 1 });
}

function doneAt(at: string, { attempt, started_at }: StepState, outputs: StepOutputs): Partial<StepState> {
  const finished = { finished_at: at, error: null };
  return {
    ...finished,
    status: 'done',
    outputs,
    attempt: Math.max(attempt, 1),
    started_at: started_at ?? at,
  };
}

/** Notes in this copy of the job that it returns to the step `to`. Keeps the outputs, which an undo needs. */
export function noteBack(job: JobRow, to: string, now: Date): void {
  const [first, ...rest] = job.steps.slice(job.steps.findIndex(({ name }) => name === to));
  if (first?.name !== to) throw new Error(`The job has no step ${to} to return to.`);
  const unfinished = { finished_at: null, error: null, waiting_for: null };
  Object.assign(first, { ...unfinished, status: 'running', attempt: 1, started_at: now.toISOString() });
  for (const step of rest)
    Object.assign(step, { ...unfinished, status: 'pending', attempt: 0, started_at: null });
}

/**
 * If the deadline passes only while the step runs, the step runs once more, since it may be waiting for
 * exactly that time. `lookedAt`: when the run began.
 * @throws StepFailure `wait_timed_out` if the deadline had passed before
 */
export function requireTimeLeft(result: Extract<StepResult, { kind: 'wait' }>, lookedAt: Date): void {
  if (result.until > lookedAt) return;
  throw new StepFailure(
    'operator',
    'wait_timed_out',
    `Timed out waiting for ${result.for}.`,
    'Atlas on-call: check the tenant plane and its log, or ask the customer who runs it. Then retry the job.',
  );
}

/** Notes in this copy of the job what the step waits for. */
export function noteWait(state: StepState, what: string, now: Date): void {
  Object.assign(state, { status: 'waiting', waiting_for: what });
  state.started_at ??= now.toISOString();
}

/** Returns a function that resets this copy of the steps to what they are now. */
export function stepsKept({ steps }: JobRow): () => void {
  const before = structuredClone(steps);
  return () => steps.forEach((one, index) => Object.assign(one, structuredClone(before[index])));
}
