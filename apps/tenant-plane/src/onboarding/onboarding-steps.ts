import { type DeploymentProfile } from '@atlas/deployment-profiles';
import { type TenantScope } from '@atlas/persistence';
import { type Evidence } from '@atlas/tenant-api/onboarding';
import { In, IsNull, Not } from 'typeorm';
import { AiAnswer } from '../ai/ai-answer.entity';
import { Alert } from '../alerts/alert.entity';
import { Run } from '../automation/run.entity';
import { ConfigurationItem } from '../cmdb/configuration-item.entity';
import { DataSource } from '../data-sources/data-source.entity';
import { Slo } from '../slos/slo.entity';

/** What hints name. */
export interface DeploymentFacts {
  /** The tenant's address. */
  readonly home: string;
  readonly profile: Pick<DeploymentProfile, 'aiRouting' | 'dataResidency' | 'outboundAddresses'>;
}

export interface OnboardingStep {
  readonly key: string;
  readonly title: string;
  readonly hint: (facts: DeploymentFacts) => string;
  /** Proof that the step is done, or null. A step is completed by evidence, not by a click. */
  readonly evidence: (scope: TenantScope) => Promise<Evidence | null>;
}

const AI_HINTS: Readonly<Record<DeploymentProfile['aiRouting'], string>> = {
  control_plane: 'The question goes through the Control Plane.',
  control_plane_if_admin_allows:
    'The question goes through the Control Plane, so an admin must allow that first: PUT /api/ai/settings.',
};

/** The checklist after sign-in, in the same order in every deployment model. */
export const ONBOARDING_STEPS: readonly OnboardingStep[] = [
  {
    key: 'connect_data',
    title: 'Connect your data',
    hint: ({ home, profile }) =>
      `Create your first configuration item (POST ${home}/api/cmdb/items) or your first data source ` +
      `(POST ${home}/api/data-sources). ${profile.dataResidency.text}`,
    evidence: firstData,
  },
  {
    key: 'monitoring',
    title: 'Connect monitoring',
    hint: ({ home }) =>
      `Create a data source (POST ${home}/api/data-sources), and have your Alertmanager send alerts to its ` +
      `ingest_url, which begins with ${home}/api/ingest/. The first alert completes this step.`,
    evidence: firstAlert,
  },
  {
    key: 'slos',
    title: 'Set a service level objective',
    hint: ({ home, profile }) =>
      `Define your first SLO: POST ${home}/api/slos. ` +
      (profile.outboundAddresses === 'public'
        ? 'Its Prometheus, if it has one, must be reachable from the internet. Otherwise, send its events.'
        : 'This plane can ask a Prometheus in your own network.'),
    evidence: firstSlo,
  },
  {
    key: 'runbook',
    title: 'Run a runbook',
    hint: ({ home }) =>
      `Create a runbook, then run it: POST ${home}/api/runbooks, POST ${home}/api/runbooks/<id>/runs.`,
    evidence: firstFinishedRun,
  },
  {
    key: 'ai',
    title: 'Ask the AI',
    hint: ({ home, profile }) =>
      `Request an analysis of an incident: POST ${home}/api/ai/incidents/<id>/analysis. ` +
      AI_HINTS[profile.aiRouting],
    evidence: firstAiAnswer,
  },
];

async function firstData(scope: TenantScope): Promise<Evidence | null> {
  const [[item], [source]] = await Promise.all([
    scope.find(ConfigurationItem, { order: { id: 'ASC' }, take: 1 }),
    scope.find(DataSource, { order: { id: 'ASC' }, take: 1 }),
  ]);
  if (source && (!item || source.createdAt < item.createdAt))
    return { kind: 'data_source', id: source.id, at: source.createdAt };
  return item ? { kind: 'configuration_item', id: item.id, at: item.createdAt } : null;
}

async function firstAlert(scope: TenantScope): Promise<Evidence | null> {
  const [alert] = await scope.find(Alert, { order: { id: 'ASC' }, take: 1 });
  return alert ? { kind: 'alert', id: alert.id, at: alert.createdAt } : null;
}

async function firstSlo(scope: TenantScope): Promise<Evidence | null> {
  const [slo] = await scope.find(Slo, { order: { id: 'ASC' }, take: 1 });
  return slo ? { kind: 'slo', id: slo.id, at: slo.createdAt } : null;
}

async function firstAiAnswer(scope: TenantScope): Promise<Evidence | null> {
  const [answer] = await scope.find(AiAnswer, { order: { id: 'ASC' }, take: 1 });
  return answer ? { kind: 'ai_answer', id: answer.id, at: answer.answeredAt } : null;
}

/** A run that has failed counts too, but one that was cancelled does not. */
async function firstFinishedRun(scope: TenantScope): Promise<Evidence | null> {
  const where = { status: In(['succeeded', 'failed'] as const), finishedAt: Not(IsNull()) };
  const [run] = await scope.find(Run, { where, order: { finishedAt: 'ASC', id: 'ASC' }, take: 1 });
  return run?.finishedAt ? { kind: 'run', id: run.id, at: run.finishedAt } : null;
}
