import { type AuditEntry, Signals, type TenantScope, lockedForUpdate } from '@atlas/persistence';
import { Clock, DomainError } from '@atlas/platform';
import { Injectable } from '@nestjs/common';
import { In } from 'typeorm';
import { Audit } from '../audit/audit';
import { ConfigurationItem } from '../cmdb/configuration-item.entity';
import { affectedItems } from '../incidents/affected-items';
import { noteInTimeline } from '../incidents/timeline';
import { automationPolicy } from './automation-policies';
import { type Decision, type StepInQuestion, decide } from './autonomy';
import { HttpLine } from './http-line';
import { FINAL_STATUSES, type RunState, progressed, replaced, stepUnderWay } from './run-progress';
import { RunStep } from './run-step.entity';
import { Run } from './run.entity';
import { countUsage } from '../entitlements/count-usage';
import { StepSecrets } from './step-secrets';

/** The topic of signals for steps that wait for an agent. */
export const topicOfQueue = (tenantId: string): string => `steps:${tenantId}`;

/** The topic of signals for changes of a run. */
export const topicOfRun = (runId: string): string => `run:${runId}`;

/** Why a run changes: the user who decided it, if one did, and what the audit trail says about that. */
export interface Cause {
  readonly by: string | null;
  readonly entry?: AuditEntry;
}

/** Stores runs. Every change is made while the row of the run is locked. */
@Injectable()
export class RunStore {
  constructor(
    private readonly audit: Audit,
    private readonly secrets: StepSecrets,
    private readonly signals: Signals,
    private readonly httpLine: HttpLine,
    private readonly clock: Clock,
  ) {}

  /** Stores a new run, moved on as far as it gets. `by`: the user who requests it. */
  async insert(scope: TenantScope, { run, steps }: RunState, by: string): Promise<RunState> {
    const state = progressed(this.clock.now(), { run, steps }, await deciderFor(scope, run.incidentId));
    await scope.insert(Run, state.run);
    for (const step of state.steps) await scope.insert(RunStep, step);
    await this.note(scope, state.run, by);
    await countUsage(scope, { meter: 'runs', amount: 1, at: this.clock.now() });
    this.announce(state);
    return state;
  }

  /**
   * Stores changed steps of a locked run, and moves the run on. If the run ends, locks its incident and
   * deletes its secrets.
   */
  async store(
    scope: TenantScope,
    before: RunState,
    changed: readonly RunStep[],
    { by, entry }: Cause = { by: null },
  ): Promise<RunState> {
    const steps = changed.reduce(replaced, before.steps);
    const state = { run: before.run, steps };
    const isNext = stepUnderWay(state)?.status === 'pending';
    const decision = isNext ? await deciderFor(scope, before.run.incidentId) : noDecision;
    const after = progressed(this.clock.now(), state, decision);
    for (const [index, step] of after.steps.entries())
      if (step !== before.steps[index]) await scope.update(RunStep, { id: step.id }, step);
    if (after.run !== before.run) await scope.update(Run, { id: after.run.id }, after.run);
    const hasEnded = after.run.status !== before.run.status && FINAL_STATUSES.includes(after.run.status);
    if (hasEnded) await this.secrets.forget(scope, after.run.id);
    if (hasEnded) await this.note(scope, after.run, by);
    const { id: targetId, status } = after.run;
    const ended = { action: 'run.ended', targetKind: 'run', targetId, after: { status } };
    if (entry) await this.audit.record(scope, entry);
    if (hasEnded) await this.audit.record(scope, ended);
    this.announce(after);
    return after;
  }

  /** Wakes those who wait for a step, or for changes of this run. */
  private announce(state: RunState): void {
    const { tenantId, id: runId } = state.run;
    this.signals.publish(topicOfRun(runId));
    const next = stepUnderWay(state);
    if (next?.status !== 'queued') return;
    if (next.kind === 'http') this.httpLine.join({ tenantId, id: runId });
    else this.signals.publish(topicOfQueue(tenantId));
  }

  private async note(scope: TenantScope, run: Run, by: string | null): Promise<void> {
    const { id, incidentId, status, runbookId: runbook_id, runbookVersion: runbook_version } = run;
    if (incidentId === null) return;
    const data = { job_id: id, runbook_id, runbook_version, status };
    await noteInTimeline(scope, incidentId, this.clock.now(), { kind: 'run', by, data });
  }
}

/** Locks a run with its steps. Throws `run_not_found`. */
export async function lockedRun(scope: TenantScope, id: string): Promise<RunState> {
  const run = await lockedForUpdate(scope.query(Run, 'run').andWhere({ id })).getOne();
  if (!run) throw runNotFound();
  return { run, steps: await stepsOf(scope, id) };
}

function stepsOf(scope: TenantScope, runId: string): Promise<RunStep[]> {
  return scope.find(RunStep, { where: { runId }, order: { position: 'ASC' } });
}

/** Decides by the policy that is in force now, and by what the incident affects now. */
export async function deciderFor(
  scope: TenantScope,
  incidentId: string | null,
): Promise<(step: StepInQuestion) => Decision> {
  const policy = await automationPolicy(scope);
  const ciTypes = incidentId === null ? [] : await typesAffectedBy(scope, incidentId);
  return (step) => decide(step, policy, ciTypes);
}

async function typesAffectedBy(scope: TenantScope, incidentId: string): Promise<string[]> {
  const ids = (await affectedItems(scope, [incidentId])).get(incidentId) ?? [];
  if (ids.length === 0) return [];
  const items = await scope.find(ConfigurationItem, { where: { id: In([...ids]) } });
  return items.map(({ type }) => type);
}

const noDecision = (): never => {
  throw new Error('No step of this run is about to begin.');
};

export function runNotFound(): DomainError {
  return new DomainError('run_not_found', 'not_found', 'There is no such run.');
}
