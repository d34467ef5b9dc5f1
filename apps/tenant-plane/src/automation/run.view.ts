import { type ApprovalView, type RunStepView, type RunView } from '@atlas/tenant-api/automation';
import { type Approval } from './run-step.entity';
import { type ShownRun, type ShownStep } from './shown-steps';

/** `tails`: the ends of the steps' outputs, by step id. Null if they are not shown. */
export function runView({ run, steps }: ShownRun, tails: ReadonlyMap<string, string> | null): RunView {
  return {
    id: run.id,
    runbook_id: run.runbookId,
    runbook_version: run.runbookVersion,
    incident_id: run.incidentId,
    status: run.status,
    requested_by: run.requestedBy,
    parameters: run.parameters,
    created_at: run.createdAt,
    finished_at: run.finishedAt,
    steps: steps.map((step) => stepView(step, tails === null ? null : (tails.get(step.id) ?? ''))),
  };
}

export function stepView(step: ShownStep, tail: string | null): RunStepView {
  return {
    name: step.name,
    kind: step.kind,
    risk: step.risk,
    status: step.status,
    approval: step.approval && approvalView(step.approval),
    agent_id: step.agentId,
    exit_code: step.exitCode,
    output_bytes: step.outputBytes,
    output_tail: tail,
    started_at: step.startedAt,
    finished_at: step.finishedAt,
    error: step.error,
  };
}

function approvalView({ at, ...approval }: Approval): ApprovalView {
  return { ...approval, at: at === null ? null : new Date(at) };
}
