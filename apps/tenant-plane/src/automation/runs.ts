import { TenantDatabase, type TenantScope, plannedForValues } from '@atlas/persistence';
import { Clock, DomainError, type Page, pageOf } from '@atlas/platform';
import { uuidv7 } from '@atlas/tenancy';
import {
  type AutomationInboxView,
  ListRunsQuery,
  type RunPlanView,
  RunRunbookDto,
  type RunStatus,
  type RunView,
} from '@atlas/tenant-api/automation';
import { Injectable } from '@nestjs/common';
import { In } from 'typeorm';
import { Audit } from '../audit/audit';
import { Incident } from '../incidents/incident.entity';
import { checkedValues } from '../runbooks/parameters';
import { type Values } from '../runbooks/placeholders';
import { type RunbookStep } from '../runbooks/runbook-definition';
import { lockedRunbook, versionOf } from '../runbooks/runbook-locks';
import { type RunbookVersion } from '../runbooks/runbook-version.entity';
import { filledConfig, requireKeptPaths, requireModestSize } from '../runbooks/step-config';
import { type RunState } from './run-progress';
import { RunStep } from './run-step.entity';
import { RunStore, deciderFor, runNotFound } from './run-store';
import { Run } from './run.entity';
import { detailedRunView, runView } from './run.view';
import { runbookNames } from './runbook-names';
import { shownOutputs } from './shown-outputs';
import { type ShownStep, shownSteps } from './shown-steps';
import { StepSecrets } from './step-secrets';

/** Starts runs of runbooks, and shows them. */
@Injectable()
export class Runs {
  constructor(
    private readonly tenants: TenantDatabase,
    private readonly store: RunStore,
    private readonly secrets: StepSecrets,
    private readonly audit: Audit,
    private readonly clock: Clock,
  ) {}

  /** Shows what a run would do. Throws the same errors as {@link start}. */
  plan(tenantId: string, runbookId: string, dto: RunRunbookDto): Promise<RunPlanView> {
    return this.tenants.write(tenantId, async (scope) => {
      const { version } = await startable(scope, runbookId, dto);
      const decision = await deciderFor(scope, dto.incident_id ?? null);
      const steps = version.definition.steps.map(({ name, kind, risk }) => {
        const { needsApproval, reason } = decision({ kind, risk });
        return { name, kind, risk, needs_approval: needsApproval, reason };
      });
      return { steps };
    });
  }

  /**
   * Starts a run of the runbook's current version. Throws `runbook_not_found`, `runbook_archived`,
   * `invalid_parameters` and `incident_not_found`.
   */
  start(tenantId: string, by: string, runbookId: string, dto: RunRunbookDto): Promise<RunView> {
    return this.tenants.write(tenantId, async (scope) => {
      const { version, values } = await startable(scope, runbookId, dto);
      const secrets = secretsAmong(version, values);
      const shown = new Map([...values, ...[...secrets.keys()].map((name) => [name, HIDDEN] as const)]);
      const now = this.clock.now();
      const run: Run = {
        tenantId,
        id: uuidv7(now),
        runbookId,
        runbookVersion: version.version,
        incidentId: dto.incident_id ?? null,
        status: 'queued',
        requestedBy: by,
        parameters: Object.fromEntries([...values].filter(([name]) => !secrets.has(name))),
        createdAt: now,
        finishedAt: null,
        dueAt: null,
      };
      const steps = version.definition.steps.map((step, position) => newStep(run, step, position, shown));
      await this.secrets.keep(scope, run.id, secrets);
      const state = await this.store.insert(scope, { run, steps }, by);
      await this.audit.record(scope, {
        action: 'run.requested',
        targetKind: 'run',
        targetId: run.id,
        after: { runbook_id: runbookId, runbook_version: version.version, parameters: run.parameters },
      });
      return detailedRunView(state, new Map(), await runbookNames(scope, [runbookId]));
    });
  }

  /** Newest first, without the outputs of the steps. */
  list(tenantId: string, filter: ListRunsQuery): Promise<Page<RunView>> {
    const { cursor, limit, status, runbook_id: runbookId, incident_id: incidentId } = filter;
    return this.tenants.read(tenantId, async (scope) => {
      const query = scope
        .query(Run, 'run')
        .orderBy('run.id', 'DESC')
        .take(limit + 1);
      if (cursor) query.andWhere('run.id < :cursor', { cursor });
      if (status) query.andWhere({ status: In(status) });
      if (runbookId) query.andWhere({ runbookId });
      if (incidentId) query.andWhere({ incidentId });
      const rows = await plannedForValues(query).getMany();
      const shown = rows.slice(0, limit);
      const steps = await stepsOfAll(scope, shown);
      const names = await runbookNames(
        scope,
        shown.map((run) => run.runbookId),
      );
      return pageOf(rows, limit, (run) => runView({ run, steps: steps.get(run.id) ?? [] }, names));
    });
  }

  /** Counts the runs that wait for a person. */
  async inbox(tenantId: string): Promise<AutomationInboxView> {
    const rows = await this.tenants.read(tenantId, (scope) =>
      scope
        .query(Run, 'run')
        .andWhere({ status: In(['waiting_approval', 'waiting_manual']) })
        .select('run.status', 'status')
        .addSelect('count(*)', 'count')
        .groupBy('run.status')
        .getRawMany<{ readonly status: RunStatus; readonly count: string | number }>(),
    );
    const countOf = (status: RunStatus): number =>
      Number(rows.find((row) => row.status === status)?.count ?? 0);
    return { approvals: countOf('waiting_approval'), manual: countOf('waiting_manual') };
  }

  /** Throws `run_not_found`. */
  get(tenantId: string, id: string): Promise<RunView> {
    return this.tenants.read(tenantId, async (scope) => {
      const run = await scope.findOne(Run, { id });
      if (!run) throw runNotFound();
      const where = { runId: id };
      const steps = await scope.find(RunStep, { where, order: { position: 'ASC' } });
      return viewWithOutput(scope, { run, steps });
    });
  }
}

/** A run with its steps' configs and the ends of their outputs. */
export async function viewWithOutput(scope: TenantScope, state: RunState): Promise<RunView> {
  const outputs = await shownOutputs(scope, state.run.id, state.steps);
  const tails = new Map([...outputs].map(([stepId, { tail }]) => [stepId, tail]));
  return detailedRunView(state, tails, await runbookNames(scope, [state.run.runbookId]));
}

async function startable(
  scope: TenantScope,
  runbookId: string,
  { incident_id: incidentId, parameters = {} }: RunRunbookDto,
): Promise<{ readonly version: RunbookVersion; readonly values: Values }> {
  const runbook = await lockedRunbook(scope, runbookId, 'share');
  const version = await versionOf(scope, runbookId, runbook.version);
  const values = checkedValues(version.definition.parameters, parameters);
  requireModestSize(version.definition.steps, values);
  requireKeptPaths(version.definition.steps, values);
  if (incidentId !== undefined && !(await scope.exists(Incident, { id: incidentId })))
    throw new DomainError('incident_not_found', 'unprocessable', 'incident_id names no incident.');
  return { version, values };
}

/** What is stored in place of a secret value. */
const HIDDEN = '[secret]';

function secretsAmong({ definition }: RunbookVersion, values: Values): Values {
  const names = definition.parameters.filter(({ secret }) => secret).map(({ name }) => name);
  return new Map([...values].filter(([name]) => names.includes(name)));
}

function newStep(run: Run, step: RunbookStep, position: number, values: Values): RunStep {
  return {
    tenantId: run.tenantId,
    id: uuidv7(run.createdAt),
    runId: run.id,
    position,
    name: step.name,
    kind: step.kind,
    risk: step.risk,
    status: 'pending',
    config: filledConfig(step.kind, step.config, values),
    agentSelector: { ...step.agent_selector },
    timeoutSeconds: step.timeout_seconds,
    onFailure: step.on_failure,
    askedBy: run.requestedBy,
    approval: null,
    agentId: null,
    leaseId: null,
    leaseExpiresAt: null,
    exitCode: null,
    outputBytes: 0,
    startedAt: null,
    finishedAt: null,
    error: null,
  };
}

async function stepsOfAll(
  scope: TenantScope,
  runs: readonly Run[],
): Promise<ReadonlyMap<string, readonly ShownStep[]>> {
  const found = new Map<string, ShownStep[]>(runs.map(({ id }) => [id, []]));
  if (runs.length === 0) return found;
  const steps = await shownSteps(scope, [...found.keys()]);
  for (const step of steps) found.get(step.runId)?.push(step);
  return found;
}
