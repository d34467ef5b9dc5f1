import { type TenantScope } from '@atlas/persistence';
import { Clock, DomainError } from '@atlas/platform';
import { type ClaimView, ResultDto, type ResultView, type StepFailureCode } from '@atlas/tenant-api/agents';
import { type StepErrorView } from '@atlas/tenant-api/automation';
import { Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { DueWork } from '../due/due-work';
import { LEASE_MS, extended } from './lease-times';
import { added } from './output';
import { addToTail } from './output-tails';
import { OUTCOME_UNKNOWN, type RunState, moved } from './run-progress';
import { RunStep } from './run-step.entity';
import { RunStore, lockedRun } from './run-store';
import { StepSecrets } from './step-secrets';
import { type BegunStep, StepStarts } from './step-starts';

const PAGE = 100;

export interface LeaseHolder {
  readonly agentId: string;
  readonly labels: Readonly<Record<string, string>>;
}

type QueuedStep = Pick<RunStep, 'id' | 'runId' | 'agentSelector'>;
type Outcome = Pick<ResultDto, 'exit_code' | 'error'>;

/**
 * Leases steps to agents, and ends steps whose leases have expired. A caller that names an agent has locked
 * the agent's row.
 */
@Injectable()
export class StepLeases implements OnApplicationBootstrap {
  private startedAtMs = 0;

  constructor(
    private readonly store: RunStore,
    private readonly starts: StepStarts,
    private readonly secrets: StepSecrets,
    private readonly clock: Clock,
    due: DueWork,
  ) {
    due.on('automation_runs', (scope, runId) => this.attendTo(scope, runId));
  }

  onApplicationBootstrap(): void {
    this.startedAtMs = this.clock.monotonicMs();
  }

  /** Leases the oldest step that waits for an agent with these labels. Null if there is none. */
  async claim(scope: TenantScope, holder: LeaseHolder): Promise<ClaimView | null> {
    let after: string | undefined;
    let page: QueuedStep[];
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
    if (news !== '') await addToTail(scope, step.id, news, await this.secrets.maskOf(scope, step.runId));
    const current = { ...step, outputBytes: bytes };
    const changed = isFinished ? this.ended(current, dto) : extended(current, this.clock.now());
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
        await this.store.store(scope, state, [extended(step, this.clock.now())]);
    }
  }

  private async lease(
    scope: TenantScope,
    candidate: QueuedStep,
    { agentId }: LeaseHolder,
  ): Promise<ClaimView | null> {
    const state = await lockedRun(scope, candidate.runId);
    const step = state.steps.find(({ id }) => id === candidate.id);
    // Another agent was faster, or the run was cancelled.
    if (step?.status !== 'queued') return null;
    const begun = await this.starts.begin(scope, state, step, agentId);
    return begun && claimView(begun);
  }

  private ended(step: RunStep, outcome: Outcome): RunStep {
    const end = {
      finishedAt: this.clock.now(),
      leaseExpiresAt: null,
      exitCode: outcome.exit_code ?? null,
      error: failureOf(outcome),
    };
    return moved(step, end.error ? 'failed' : 'succeeded', end);
  }

  private async attendTo(scope: TenantScope, runId: string): Promise<void> {
    const state = await lockedRun(scope, runId);
    const now = this.clock.now();
    if (state.run.dueAt === null || state.run.dueAt > now) return;
    const lost = state.steps.find(({ status }) => status === 'running');
    if (lost && this.mayYetReport(lost)) return;
    // A queued http step is offered to this process, and is due again later.
    await this.store.store(scope, state, lost ? [this.lost(lost)] : []);
  }

  /** Agents could not report while no process ran, so they get the length of a lease after each start. */
  private mayYetReport({ agentId }: RunStep): boolean {
    return agentId !== null && this.clock.monotonicMs() - this.startedAtMs < LEASE_MS;
  }

  private lost(step: RunStep): RunStep {
    if (step.agentId !== null) return this.ended(step, {});
    const end = { finishedAt: this.clock.now(), leaseExpiresAt: null };
    return moved(step, 'failed', { ...end, error: PLANE_STOPPED });
  }
}

/**
 * Without the configs, because each agent asks for all steps that wait every 2 s, and configs may be large.
 */
function queuedSteps(scope: TenantScope, afterRunId: string | undefined): Promise<QueuedStep[]> {
  const query = scope
    .query(RunStep, 'step')
    .select(['step.tenantId', 'step.id', 'step.runId', 'step.agentSelector'])
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

function claimView({ step, handed: { config } }: BegunStep): ClaimView {
  const { runId, name, leaseId, leaseExpiresAt, timeoutSeconds } = step;
  return {
    job_id: runId,
    step: name,
    lease_id: leaseId ?? '',
    lease_expires_at: leaseExpiresAt ?? new Date(0),
    config: { ...config },
    timeout_seconds: timeoutSeconds,
  };
}

/** Whether a finished step has the result that is reported again, because the answer was lost. */
function isRepeated(step: RunStep, outcome: Outcome): boolean {
  if (step.status === 'cancelled' || step.exitCode !== (outcome.exit_code ?? null)) return false;
  return step.error?.code === failureOf(outcome)?.code;
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

const PLANE_STOPPED: StepErrorView = {
  code: OUTCOME_UNKNOWN,
  detail:
    'The plane stopped while this step was running, so the request may have taken effect. Check that, then ' +
    'retry the run to send the request again.',
};

/** Why the step has failed. Null if it has succeeded. */
function failureOf({ exit_code, error }: Outcome): StepErrorView | null {
  if (error !== undefined || exit_code === undefined) return FAILURES[error ?? OUTCOME_UNKNOWN];
  if (exit_code === 0) return null;
  return { code: 'exit_code', detail: `The command ended with exit code ${exit_code}.` };
}

function leaseLost(): DomainError {
  const detail =
    'This agent has no lease with this id: it has expired, the run was cancelled, or the step has ended ' +
    'otherwise. Stop the step if it is running.';
  return new DomainError('lease_lost', 'conflict', detail);
}
