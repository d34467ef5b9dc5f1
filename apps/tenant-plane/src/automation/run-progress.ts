import { RUN_MACHINE, type RunStatus, STEP_MACHINE, type StepStatus } from '@atlas/tenant-api/automation';
import { type Decision } from './autonomy';
import { type RunStep } from './run-step.entity';
import { type Run } from './run.entity';

export interface RunState {
  readonly run: Run;
  /** By position. */
  readonly steps: readonly RunStep[];
}

/** The error of a step that may have run. Nothing but a person's decision starts such a step again. */
export const OUTCOME_UNKNOWN = 'outcome_unknown';

const OFFER_AGAIN_MS = 30_000;

export const FINAL_STATUSES: readonly RunStatus[] = ['succeeded', 'failed', 'cancelled'];

/** The first step that the run has not left behind. */
export function stepUnderWay({ steps }: RunState): RunStep | undefined {
  return steps.find((step) => !isLeftBehind(step));
}

/** Moves a run to where it needs someone else: a person, an agent, or nobody because it has ended. */
export function progressed(now: Date, state: RunState, decision: (step: RunStep) => Decision): RunState {
  const next = stepUnderWay(state);
  if (!next) return { ...state, run: withStatus(state.run, 'succeeded', now) };
  if (next.status === 'failed' || next.status === 'cancelled')
    return { ...state, run: withStatus(state.run, next.status, now) };
  const step = next.status === 'pending' ? begun(next, decision(next)) : next;
  const status = STATUS_WHILE[step.status](step);
  return {
    run: { ...withStatus(state.run, status, now), dueAt: dueTimeOf(step, now) },
    steps: replaced(state.steps, step),
  };
}

/** A queued http step is offered again if no process has sent it until then. */
function dueTimeOf({ status, kind, leaseExpiresAt }: RunStep, now: Date): Date | null {
  if (status === 'running') return leaseExpiresAt;
  return status === 'queued' && kind === 'http' ? new Date(now.getTime() + OFFER_AGAIN_MS) : null;
}

export function replaced(steps: readonly RunStep[], step: RunStep): readonly RunStep[] {
  return steps.map((one) => (one.id === step.id ? step : one));
}

/** Throws if the step must not change in this way, which only a defect could cause. */
export function moved(step: RunStep, status: StepStatus, changes: Partial<RunStep> = {}): RunStep {
  if (!STEP_MACHINE.can(step.status, status))
    throw new Error(`A step cannot change from ${step.status} to ${status}.`);
  return { ...step, ...changes, status };
}

/** A step under way that must not go on, or a step that was not reached. */
export function stopped(step: RunStep, now: Date): RunStep {
  if (!STEP_MACHINE.can(step.status, 'cancelled')) return step;
  const error =
    step.status === 'running'
      ? { code: OUTCOME_UNKNOWN, detail: 'The run was cancelled while this step was running.' }
      : null;
  return moved(step, 'cancelled', { finishedAt: now, error });
}

/** A failed step, ready to start again because a person asks for it. */
export function reset(step: RunStep, askedBy: string): RunStep {
  return moved(step, 'pending', {
    askedBy,
    approval: null,
    agentId: null,
    leaseId: null,
    leaseExpiresAt: null,
    exitCode: null,
    outputBytes: 0,
    startedAt: null,
    finishedAt: null,
    error: null,
  });
}

function isLeftBehind({ status, onFailure, error }: RunStep): boolean {
  if (status === 'succeeded') return true;
  return status === 'failed' && onFailure === 'continue' && error?.code !== OUTCOME_UNKNOWN;
}

function begun(step: RunStep, { needsApproval, reason }: Decision): RunStep {
  if (needsApproval) {
    const approval = { state: 'waiting', reason, by: null, at: null, note: null } as const;
    return moved(step, 'waiting_approval', { approval });
  }
  return moved(step, step.kind === 'manual' ? 'waiting_manual' : 'queued');
}

/** The status of a run while a step with this status is under way. */
const STATUS_WHILE: Readonly<Record<StepStatus, (step: RunStep) => RunStatus>> = {
  pending: () => 'queued',
  waiting_approval: () => 'waiting_approval',
  waiting_manual: () => 'waiting_manual',
  queued: ({ position }) => (position === 0 ? 'queued' : 'running'),
  running: () => 'running',
  succeeded: () => 'running',
  failed: () => 'failed',
  cancelled: () => 'cancelled',
};

function withStatus(run: Run, status: RunStatus, now: Date): Run {
  if (run.status === status) return run;
  if (!RUN_MACHINE.can(run.status, status))
    throw new Error(`A run cannot change from ${run.status} to ${status}.`);
  return { ...run, status, dueAt: null, finishedAt: FINAL_STATUSES.includes(status) ? now : null };
}
