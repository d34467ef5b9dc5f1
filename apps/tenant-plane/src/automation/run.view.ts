import { type ApprovalView, type RunStepView, type RunView } from '@atlas/tenant-api/automation';
import { type RunState } from './run-progress';
import { type Approval } from './run-step.entity';
import { type ShownRun, type ShownStep } from './shown-steps';

/** A run without the outputs and configs of its steps. `names`: the names of runbooks, by id. */
export function runView({ run, steps }: ShownRun, names: ReadonlyMap<string, string>): RunView {
  return {
    id: run.id,
    runbook_id: run.runbookId,
    runbook_name: names.get(run.runbookId) ?? '',
    runbook_version: run.runbookVersion,
    incident_id: run.incidentId,
    status: run.status,
    requested_by: run.requestedBy,
    parameters: run.parameters,
    created_at: run.createdAt,
    finished_at: run.finishedAt,
    steps: steps.map(stepView),
  };
}

/** `tails`: the ends of the steps' outputs, by step id. `names`: the names of runbooks, by id. */
export function detailedRunView(
  state: RunState,
  tails: ReadonlyMap<string, string>,
  names: ReadonlyMap<string, string>,
): RunView {
  const steps = state.steps.map((step) => ({
    ...stepView(step),
    config: { ...step.config },
    output_tail: tails.get(step.id) ?? '',
  }));
  return { ...runView(state, names), steps };
}

/** A step without its output and config. */
export function stepView(step: ShownStep): RunStepView {
  return {
    name: step.name,
    kind: step.kind,
    risk: step.risk,
    status: step.status,
    config: null,
    approval: step.approval && approvalView(step.approval),
    agent_id: step.agentId,
    exit_code: step.exitCode,
    output_bytes: step.outputBytes,
    output_tail: null,
    started_at: step.startedAt,
    finished_at: step.finishedAt,
    error: step.error,
  };
}

function approvalView({ at, ...approval }: Approval): ApprovalView {
  return { ...approval, at: at === null ? null : new Date(at) };
}
