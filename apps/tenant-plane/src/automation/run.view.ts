import { type ApprovalView, type RunStepView, type RunView } from '@atlas/tenant-api/automation';
import { type RunState } from './run-progress';
import { type Approval, type RunStep } from './run-step.entity';

/** `tails`: the ends of the steps' outputs, by step id. Null: neither they nor the steps' configs are shown. */
export function runView({ run, steps }: RunState, tails: ReadonlyMap<string, string> | null): RunView {
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
    steps: steps.map((step) =>
      tails === null
        ? { ...stepView(step), config: null }
        : { ...stepView(step), output_tail: tails.get(step.id) ?? '' },
    ),
  };
}

/** A step without its output. */
export function stepView(step: RunStep): RunStepView {
  return {
    name: step.name,
    kind: step.kind,
    risk: step.risk,
    status: step.status,
    config: { ...step.config },
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
