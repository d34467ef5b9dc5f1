import { type ControlPlaneClient } from '../control-plane/control-plane-client';
import { HttpProblem, NoAnswer } from '../control-plane/http-call';
import { type JobView, type StepView, isLive } from '../control-plane/views';
import { type Surroundings } from './operator-command';

export type JobChange =
  | { readonly kind: 'job'; readonly job: JobView }
  | { readonly kind: 'step'; readonly step: StepView }
  | { readonly kind: 'dropped'; readonly reason: string }
  | { readonly kind: 'done'; readonly job: JobView };

const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 5000;
/** How long to keep trying without a response. */
const PATIENCE_MS = 60_000;

/**
 * Yields each change to a job until the job finishes. If the connection drops, reconnects and reads the
 * missed changes from the job. Throws the errors of the client's calls, {@link NoAnswer} after a minute
 * without a response, or the signal's reason.
 */
export async function* watchJob(
  client: ControlPlaneClient,
  id: string,
  signal: AbortSignal,
  { pause, now }: Pick<Surroundings, 'pause' | 'now'>,
): AsyncGenerator<JobChange> {
  const known = new Map<string, string>();
  let drops = 0;
  let isFirst = true;
  let heardAt = now();
  for (;;) {
    let reason = 'the connection was closed';
    try {
      const job = await client.call('GET /api/provisioning-jobs/:id', { path: { id }, signal });
      if (isFirst) yield { kind: 'job', job };
      [isFirst, drops, heardAt] = [false, 0, now()];
      yield* job.steps.filter((step) => isNews(known, step)).map(asChange);
      if (!isLive(job)) return yield { kind: 'done', job };
      for await (const change of streamed(client, id, signal)) {
        heardAt = now();
        if (change.kind !== 'step' || isNews(known, change.step)) yield change;
        if (change.kind === 'done') return;
      }
    } catch (error) {
      drops += 1;
      if (isFirst || now() - heardAt > PATIENCE_MS || !isTransient(error)) throw error;
      reason = error.message;
    }
    yield { kind: 'dropped', reason };
    await pause(Math.min(FIRST_PAUSE_MS * 2 ** drops, LONGEST_PAUSE_MS), signal);
  }
}

async function* streamed(
  client: ControlPlaneClient,
  id: string,
  signal: AbortSignal,
): AsyncGenerator<JobChange> {
  for await (const { type, data } of client.events('GET /api/provisioning-jobs/:id/events', {
    path: { id },
    signal,
  })) {
    if (type === 'step') yield asChange(data as StepView);
    if (type === 'done') yield { kind: 'done', job: data as JobView };
  }
}

const asChange = (step: StepView): JobChange => ({ kind: 'step', step });

function isNews(known: Map<string, string>, step: StepView): boolean {
  const { name, status, attempt, started_at, finished_at, error, waiting_for } = step;
  const text = JSON.stringify([status, attempt, started_at, finished_at, error, waiting_for]);
  if (known.get(name) === text) return false;
  known.set(name, text);
  return true;
}

/** Transient: unreachable, 5xx or 429. */
export function isTransient(error: unknown): error is NoAnswer | HttpProblem {
  return error instanceof NoAnswer || (error instanceof HttpProblem && isTransientStatus(error.status));
}

function isTransientStatus(status: number): boolean {
  return status >= 500 || status === 429;
}
