import { type TenantScope } from '@atlas/persistence';
import { Clock, DomainError } from '@atlas/platform';
import { uuidv7 } from '@atlas/tenancy';
import { type ClaimView, ResultDto, type ResultView, type StepFailureCode } from '@atlas/tenant-api/agents';
import { type StepErrorView } from '@atlas/tenant-api/automation';
import { Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { DueWork } from '../due/due-work';
import { added, tailOf } from './output';
import { OUTCOME_UNKNOWN, type RunState, moved } from './run-progress';
import { RunStep } from './run-step.entity';
import { RunStore, lockedRun } from './run-store';
import { StepOutput } from './step-output.entity';

const LEASE_MS = 60_000;
/** How long an agent may take to stop a step after its time-out and to report that. */
const GRACE_MS = 60_000;
const PAGE = 100;

export interface LeaseHolder {
  readonly agentId: string;
  readonly labels: Readonly<Record<string, string>>;
}

type Outcome = Pick<ResultDto, 'exit_code' | 'error'>;

/**
 * Leases steps to agents. A lease is given once: if it expires without a result, the step may have run, so it
 * fails, and only a person starts it again. The caller has locked the agent's row.
 */
@Injectable()
export class StepLeases implements OnApplicationBootstrap {
  private startedAtMs = 0;

  constructor(
    private readonly store: RunStore,
    private readonly clock: Clock,
    due: DueWork,
  ) {
    due.on('automation_runs', (scope, runId) => this.expire(scope, runId));
  }

  onApplicationBootstrap(): void {
    this.startedAtMs = this.clock.monotonicMs();
  }

  /** Leases the oldest step that waits for an agent with these labels. Null if there is none. */
  async claim(scope: TenantScope, holder: LeaseHolder): Promise<ClaimView | null> {
    let after: string | undefined;
    let page: RunStep[];
    do {
      page = await queuedSteps(scope, after);
      // In the order of their runs, in which every transaction locks several runs.
      for (const candidate of page.filter(({ agentSelector }) => matches(holder.labels, agentSelector))) {
        const claimed = await this.lease(scope, candidate, holder);
        if (claimed) return claimed;
      }
      after = page.at(-1)?.runId;
    } while (page.length === PAGE);
    return null;
  }

  /** Adds what an agent reports about its step. Throws `lease_lost` and `output_gap`. */
  async report(scope: TenantScope, { agentId }: LeaseHolder, dto: ResultDto): Promise<ResultView> {
    const { state, step } = await leased(scope, agentId, dto.lease_id);
    const isFinished = dto.finished ?? dto.exit_code !== undefined;
    if (step.status !== 'running') {
      if (isFinished && isRepeated(step, dto)) return resultView(step);
      throw leaseLost();
    }
    const { bytes, news } = added(step.outputBytes, { ...dto, output: dto.output ?? '' });
    if (news !== '') await addToTail(scope, step.id, news);
    const current = { ...step, outputBytes: bytes };
    const changed = isFinished ? this.ended(current, dto) : this.extended(current);
    await this.store.store(scope, state, [changed]);
    return resultView(changed);
  }

  /**
   * Extends the leases of an agent, up to the time-outs of their steps. If the agent names the leases that it
   * holds, the others expire: it never got the answers to their claims, or has lost its state.
   */
  async extend(scope: TenantScope, { agentId }: LeaseHolder, named?: readonly string[]): Promise<void> {
    const where = { agentId, status: 'running' } as const;
    const running = await scope.find(RunStep, { where, order: { runId: 'ASC' } });
    const held = running.filter(({ leaseId }) => !named || named.includes(leaseId ?? ''));
    for (const { runId, id } of held) {
      const state = await lockedRun(scope, runId);
      const step = state.steps.find((one) => one.id === id);
      if (step?.status === 'running' && step.agentId === agentId)
        await this.store.store(scope, state, [this.extended(step)]);
    }
  }

  private async lease(
    scope: TenantScope,
    candidate: RunStep,
    { agentId }: LeaseHolder,
  ): Promise<ClaimView | null> {
    const state = await lockedRun(scope, candidate.runId);
    const step = state.steps.find(({ id }) => id === candidate.id);
    // Another agent was faster, or the run was cancelled.
    if (step?.status !== 'queued') return null;
    const startedAt = this.clock.now();
    const leaseId = uuidv7(startedAt);
    const running = this.extended(moved(step, 'running', { agentId, leaseId, startedAt }));
    const entry = {
      action: 'run.step_started',
      targetKind: 'run',
      targetId: step.runId,
      after: { step: step.name, agent_id: agentId },
    };
    await this.store.store(scope, state, [running], { by: null, entry });
    return {
      job_id: step.runId,
      step: step.name,
      lease_id: leaseId,
      lease_expires_at: running.leaseExpiresAt ?? startedAt,
      config: { ...step.config },
      timeout_seconds: step.timeoutSeconds,
    };
  }

  private extended(step: RunStep): RunStep {
    const now = this.clock.now();
    const begun = step.startedAt ?? now;
    const last = begun.getTime() + step.timeoutSeconds * 1000 + GRACE_MS;
    return { ...step, leaseExpiresAt: new Date(Math.min(now.getTime() + LEASE_MS, last)) };
  }

  private ended(step: RunStep, { exit_code, error = OUTCOME_UNKNOWN }: Outcome): RunStep {
    const exitCode = exit_code ?? null;
    const end = { finishedAt: this.clock.now(), leaseExpiresAt: null, exitCode };
    if (exitCode === 0) return moved(step, 'succeeded', end);
    const failure = exitCode === null ? FAILURES[error] : exitError(exitCode);
    return moved(step, 'failed', { ...end, error: failure });
  }

  /** Agents could not report while no process ran, so they get the length of a lease after each start. */
  private async expire(scope: TenantScope, runId: string): Promise<void> {
    if (this.clock.monotonicMs() - this.startedAtMs < LEASE_MS) return;
    const state = await lockedRun(scope, runId);
    const now = this.clock.now();
    if (state.run.dueAt === null || state.run.dueAt > now) return;
    const lost = state.steps.filter(({ status }) => status === 'running');
    const failed = lost.map((step) => this.ended(step, {}));
    await this.store.store(scope, state, failed);
  }
}

function queuedSteps(scope: TenantScope, afterRunId: string | undefined): Promise<RunStep[]> {
  const query = scope
    .query(RunStep, 'step')
    .andWhere({ status: 'queued', kind: 'shell' })
    .orderBy('step.runId')
    .take(PAGE);
  // A run has at most one queued step.
  if (afterRunId !== undefined) query.andWhere('step.runId > :afterRunId', { afterRunId });
  return query.getMany();
}

function matches(
  labels: Readonly<Record<string, string>>,
  selector: Readonly<Record<string, string>>,
): boolean {
  return Object.entries(selector).every(([name, value]) => labels[name] === value);
}

async function leased(
  scope: TenantScope,
  agentId: string,
  leaseId: string,
): Promise<{ readonly state: RunState; readonly step: RunStep }> {
  const found = await scope.findOne(RunStep, { leaseId, agentId });
  if (!found) throw leaseLost();
  const state = await lockedRun(scope, found.runId);
  const step = state.steps.find((one) => one.id === found.id && one.leaseId === leaseId);
  if (!step) throw leaseLost();
  return { state, step };
}

/** Whether a finished step has the result that is reported again, because the answer was lost. */
function isRepeated(step: RunStep, { exit_code, error = OUTCOME_UNKNOWN }: Outcome): boolean {
  if (step.status === 'cancelled' || step.exitCode !== (exit_code ?? null)) return false;
  return step.exitCode !== null || step.error?.code === error;
}

async function addToTail(scope: TenantScope, stepId: string, news: string): Promise<void> {
  const before = await scope.findOne(StepOutput, { stepId });
  await scope.put(StepOutput, [{ stepId, tail: tailOf(`${before?.tail ?? ''}${news}`) }]);
}

function resultView({ leaseId, leaseExpiresAt, outputBytes }: RunStep): ResultView {
  return { lease_id: leaseId ?? '', lease_expires_at: leaseExpiresAt, output_bytes: outputBytes };
}

const FAILURES: Readonly<Record<StepFailureCode, StepErrorView>> = {
  outcome_unknown: {
    code: OUTCOME_UNKNOWN,
    detail:
      'The agent did not report how the step ended, so it may have run. Check its effect, then retry the ' +
      'run to run the step again.',
  },
  timed_out: { code: 'timed_out', detail: 'The agent stopped the step, because it took too long.' },
  command_not_allowed: {
    code: 'command_not_allowed',
    detail: 'The agent may not run this command. Add it to allowed-commands.json on the agent.',
  },
  not_started: { code: 'not_started', detail: 'The agent could not start the command. See the output.' },
};

function exitError(exitCode: number): StepErrorView {
  return { code: 'exit_code', detail: `The command ended with exit code ${exitCode}.` };
}

function leaseLost(): DomainError {
  const detail =
    'This agent has no lease with this id: it has expired, the run was cancelled, or the step has ended ' +
    'otherwise. Stop the step if it is running.';
  return new DomainError('lease_lost', 'conflict', detail);
}
