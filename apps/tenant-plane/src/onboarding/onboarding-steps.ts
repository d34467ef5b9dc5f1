import { type PlannedFeature } from '@atlas/deployment-profiles';
import { type TenantScope } from '@atlas/persistence';
import { type Evidence } from '@atlas/tenant-api/onboarding';
import { AiAnswer } from '../ai/ai-answer.entity';
import { Alert } from '../alerts/alert.entity';
import { ConfigurationItem } from '../cmdb/configuration-item.entity';
import { DataSource } from '../data-sources/data-source.entity';

export interface OnboardingStep {
  readonly key: string;
  readonly title: string;
  readonly hint: string;
  /**
   * The feature that the step needs, if that feature has not been built yet. Until it exists, the hint is not
   * shown.
   */
  readonly awaits?: PlannedFeature;
  /** Proof that the step is done, or null. A step is completed by evidence, not by a click. */
  readonly evidence: (scope: TenantScope) => Promise<Evidence | null>;
}

const notYet = (): Promise<null> => Promise.resolve(null);

/** The checklist after sign-in, in the same order in every deployment model. */
export const ONBOARDING_STEPS: readonly OnboardingStep[] = [
  {
    key: 'connect_data',
    title: 'Connect your data',
    hint:
      'Create your first configuration item (POST /api/cmdb/items) or your first data source ' +
      '(POST /api/data-sources).',
    evidence: firstData,
  },
  {
    key: 'monitoring',
    title: 'Connect monitoring',
    hint:
      'Create a data source (POST /api/data-sources) and point your Alertmanager at its ingest_url. The ' +
      'first alert completes this step.',
    evidence: firstAlert,
  },
  {
    key: 'slos',
    title: 'Set a service level objective',
    hint: 'Define your first SLO.',
    awaits: 'slos',
    evidence: notYet,
  },
  {
    key: 'runbook',
    title: 'Run a runbook',
    hint: 'Run your first runbook.',
    awaits: 'runbooks',
    evidence: notYet,
  },
  {
    key: 'ai',
    title: 'Ask the AI',
    hint: 'Request an analysis of an incident: POST /api/ai/incidents/<id>/analysis.',
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

async function firstAiAnswer(scope: TenantScope): Promise<Evidence | null> {
  const [answer] = await scope.find(AiAnswer, { order: { id: 'ASC' }, take: 1 });
  return answer ? { kind: 'ai_answer', id: answer.id, at: answer.answeredAt } : null;
}
