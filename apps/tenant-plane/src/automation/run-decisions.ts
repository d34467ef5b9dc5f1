import { TenantDatabase, type TenantScope } from '@atlas/persistence';
import { Clock, DomainError } from '@atlas/platform';
import {
  CompleteStepDto,
  RunDecisionDto,
  type RunView,
  StepDecisionDto,
  type StepStatus,
} from '@atlas/tenant-api/automation';
import { type Risk } from '@atlas/tenant-api/runbooks';
import { Injectable } from '@nestjs/common';
import { includes, requirePermission } from '../credentials/permission';
import { WHERE_STATUS } from '../credentials/user-status';
import { User } from '../credentials/user.entity';
import { versionOf } from '../runbooks/runbook-locks';
import { APPROVE_RISKY_STEPS } from './automation-permissions';
import { FINAL_STATUSES, type RunState, moved, reset, stepUnderWay, stopped } from './run-progress';
import { type Approval, type RunStep } from './run-step.entity';
import { RunStore, lockedRun } from './run-store';
import { viewWithOutput } from './runs';
import { StepOutput } from './step-output.entity';

interface Change {
  readonly steps: readonly RunStep[];
  /** What the audit trail says about it. */
  readonly action: string;
  readonly step?: string;
  readonly note?: string;
}

/** What people decide about runs. */
@Injectable()
export class RunDecisions {
  constructor(
    private readonly tenants: TenantDatabase,
    private readonly store: RunStore,
    private readonly clock: Clock,
  ) {}

  /** Throws `run_not_found`, `step_not_found`, `forbidden`, `own_approval` and `step_not_waiting`. */
  approve(tenantId: string, by: string, id: string, dto: StepDecisionDto): Promise<RunView> {
    return this.change(tenantId, by, id, async (scope, state) => {
      const step = await this.approvable(scope, state, by, dto.step);
      if (isRisky(step.risk)) await requireSomeoneElse(scope, state, step, by);
      const approved = moved(waitingFor(step, 'waiting_approval'), 'queued', {
        approval: this.decided(step, 'approved', by, dto.note),
      });
      return { steps: [approved], action: 'run.step_approved', step: step.name, note: dto.note };
    });
  }

  /** Ends the run. Throws `run_not_found`, `step_not_found`, `forbidden` and `step_not_waiting`. */
  reject(tenantId: string, by: string, id: string, dto: StepDecisionDto): Promise<RunView> {
    return this.change(tenantId, by, id, async (scope, state) => {
      const step = waitingFor(await this.approvable(scope, state, by, dto.step), 'waiting_approval');
      const now = this.clock.now();
      const steps = state.steps.map((one) => stopped(one, now));
      const rejected = steps.map((one) =>
        one.id === step.id ? { ...one, approval: this.decided(step, 'rejected', by, dto.note) } : one,
      );
      return { steps: rejected, action: 'run.step_rejected', step: step.name, note: dto.note };
    });
  }

  /** Throws `run_not_found`, `step_not_found` and `step_not_waiting`. */
  complete(tenantId: string, by: string, id: string, dto: CompleteStepDto): Promise<RunView> {
    return this.change(tenantId, by, id, async (_, state) => {
      const step = dto.step === undefined ? stepUnderWay(state) : stepNamed(state, dto.step);
      if (!step) throw runEnded(state);
      const now = this.clock.now();
      const done = moved(waitingFor(step, 'waiting_manual'), 'succeeded', {
        startedAt: now,
        finishedAt: now,
      });
      return { steps: [done], action: 'run.step_completed', step: step.name, note: dto.note };
    });
  }

  /** Throws `run_not_found` and `run_ended`. */
  cancel(tenantId: string, by: string, id: string, { note }: RunDecisionDto): Promise<RunView> {
    return this.change(tenantId, by, id, async (_, state) => {
      if (FINAL_STATUSES.includes(state.run.status)) throw runEnded(state);
      const now = this.clock.now();
      return { steps: state.steps.map((step) => stopped(step, now)), action: 'run.cancelled', note };
    });
  }

  /**
   * Starts the failed step again, with a new decision about its approval. Throws `run_not_found`,
   * `run_not_failed` and `run_secrets_deleted`.
   */
  retry(tenantId: string, by: string, id: string, { note }: RunDecisionDto): Promise<RunView> {
    return this.change(tenantId, by, id, async (scope, state) => {
      const step = stepUnderWay(state);
      if (state.run.status !== 'failed' || !step) throw runNotFailed(state);
      await requireNoSecrets(scope, state);
      await scope.delete(StepOutput, { stepId: step.id });
      return { steps: [reset(step, by)], action: 'run.step_retried', step: step.name, note };
    });
  }

  private change(
    tenantId: string,
    by: string,
    id: string,
    decide: (scope: TenantScope, state: RunState) => Promise<Change>,
  ): Promise<RunView> {
    return this.tenants.write(tenantId, async (scope) => {
      const before = await lockedRun(scope, id);
      const { steps, action, ...what } = await decide(scope, before);
      const { step = null, note = null } = what;
      const entry = { action, targetKind: 'run', targetId: id, after: { step, note } };
      const after = await this.store.store(scope, before, steps, { by, entry });
      return viewWithOutput(scope, after);
    });
  }

  /** The caller may have become an operator since the request was admitted. */
  private async approvable(scope: TenantScope, state: RunState, by: string, name: string): Promise<RunStep> {
    const step = stepNamed(state, name);
    const user = await scope.findOne(User, { id: by });
    if (user && isRisky(step.risk)) requirePermission(user.role, APPROVE_RISKY_STEPS);
    return step;
  }

  private decided(
    { approval }: RunStep,
    state: Approval['state'],
    by: string,
    note: string | undefined,
  ): Approval {
    const reason = approval?.reason ?? '';
    return { state, reason, by, at: this.clock.now().toISOString(), note: note ?? null };
  }
}

function isRisky(risk: Risk): boolean {
  return risk === 'high' || risk === 'critical';
}

/** Nobody approves a risky step that they requested or retried themselves. Throws `own_approval`. */
async function requireSomeoneElse(
  scope: TenantScope,
  { run }: RunState,
  step: RunStep,
  by: string,
): Promise<void> {
  const requesters = [run.requestedBy, step.askedBy];
  if (!requesters.includes(by)) return;
  const users = await scope.find(User, { where: WHERE_STATUS.active });
  const others = users.filter(
    (user) => !requesters.includes(user.id) && includes(user.role, APPROVE_RISKY_STEPS),
  ).length;
  const who =
    others > 0
      ? `Ask another admin; ${others} can approve it.`
      : 'Nobody else in this tenant can approve it, because there is no other active admin. Invite one.';
  const { name, risk } = step;
  const detail = `You requested step "${name}", whose risk is ${risk}, so you cannot approve it. ${who}`;
  throw new DomainError('own_approval', 'forbidden', detail, { other_approvers: others });
}

function stepNamed({ steps }: RunState, name: string): RunStep {
  const step = steps.find((one) => one.name === name.trim());
  if (step) return step;
  const names = steps.map((one) => `"${one.name}"`).join(', ');
  const detail = `The run has no step "${name.slice(0, 100)}". Its steps are: ${names}.`;
  throw new DomainError('step_not_found', 'unprocessable', detail);
}

function waitingFor(step: RunStep, status: StepStatus): RunStep {
  if (step.status === status) return step;
  const detail = `Step "${step.name}" is ${step.status}, not ${status}. Somebody else may have been faster.`;
  throw new DomainError('step_not_waiting', 'conflict', detail, { step_status: step.status });
}

function runEnded({ run: { status } }: RunState): DomainError {
  return new DomainError('run_ended', 'conflict', `The run has ended: it is ${status}.`, {
    run_status: status,
  });
}

/** Values of secret parameters are deleted when a run ends, so it cannot go on. */
async function requireNoSecrets(scope: TenantScope, { run }: RunState): Promise<void> {
  const { definition } = await versionOf(scope, run.runbookId, run.runbookVersion);
  if (!definition.parameters.some(({ secret }) => secret)) return;
  const detail = 'The values of secret parameters were deleted when the run ended. Start a new run.';
  throw new DomainError('run_secrets_deleted', 'conflict', detail);
}

function runNotFailed({ run: { status } }: RunState): DomainError {
  const detail = `The run is ${status}. Only a failed run can be retried.`;
  return new DomainError('run_not_failed', 'conflict', detail, { run_status: status });
}
