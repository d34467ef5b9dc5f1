import { NoAnswer } from '../control-plane/http-call';
import { type JobView } from '../control-plane/views';
import { CommandFailure, EXIT } from '../failure';
import { connectionOf } from './connection';
import { type JobDisplay, JsonDisplay, LiveDisplay, PlainDisplay } from './job-display';
import { outcomeText, unexpectedEnd } from './job-outcome';
import { type OperatorCall } from './operator-command';
import { watchJob } from './watch-job';

export interface FollowedJob {
  readonly id: string;
  /** The heading to show. Defaults to the job's operation and target. */
  readonly title?: string;
  /** The status with which the job should finish. */
  readonly goal: string;
}

/** The user pressed Ctrl-C. This is not a failure. */
class SeenEnough extends Error {}

/**
 * Shows a job until it finishes or the user presses Ctrl-C. Resolves to the exit code. Throws {@link
 * CommandFailure} unless the job finishes with its goal status.
 */
export async function followJob(call: OperatorCall, { id, title, goal }: FollowedJob): Promise<number> {
  const { terminal, surroundings } = call;
  const end = new AbortController();
  const interrupt = (): void => end.abort(new SeenEnough());
  surroundings.signals.once('SIGINT', interrupt);
  const again = `The job continues. Watch it again: atlas job ${id}${connectionOf(call.values)}`;
  try {
    const job = await showUntilDone(call, { id, title, goal }, end.signal);
    if (job.status !== goal) throw unexpectedEnd(job, connectionOf(call.values));
    if (!call.isJson) terminal.out(outcomeText(job, connectionOf(call.values)));
    return EXIT.done;
  } catch (error) {
    if (error instanceof NoAnswer)
      throw new CommandFailure(error.message, { exitCode: EXIT.noAccess, code: error.code, hint: again });
    if (!end.signal.aborted) throw error;
    throw new CommandFailure('Stopped watching.', {
      exitCode: EXIT.interrupted,
      code: 'interrupted',
      hint: again,
    });
  } finally {
    surroundings.signals.off('SIGINT', interrupt);
  }
}

async function showUntilDone(
  call: OperatorCall,
  { id, title }: FollowedJob,
  signal: AbortSignal,
): Promise<JobView> {
  const display = displayFor(call);
  try {
    for await (const change of watchJob(call.client, id, signal, call.surroundings)) {
      if (change.kind === 'job') display.begin(title ?? titleOf(change.job), change.job);
      if (change.kind === 'step') display.step(change.step);
      if (change.kind === 'dropped') display.dropped(change.reason);
      if (change.kind === 'done') {
        display.done(change.job);
        return change.job;
      }
    }
    throw new Error('watchJob returned before the job finished.');
  } finally {
    display.end();
  }
}

function displayFor({ isJson, terminal, surroundings: { now } }: OperatorCall): JobDisplay {
  if (isJson) return new JsonDisplay(terminal);
  return terminal.screen ? new LiveDisplay(terminal, terminal.screen, now) : new PlainDisplay(terminal, now);
}

function titleOf({
  operation,
  tenant_slug: slug,
  tenant_id: tenantId,
  tenant_plane_id: planeId,
}: JobView): string {
  if (tenantId) return `${operation} tenant ${slug ?? tenantId}`;
  return planeId ? `${operation} tenant plane ${planeId}` : operation;
}
