import { type DeploymentView } from './deployment';

export interface OnboardingApi {
  /** Show the onboarding checklist */
  'GET /api/onboarding': { 200: ChecklistView };
  /** Skip a step of the checklist */
  'POST /api/onboarding/steps/:step/skip': { 200: ChecklistView };
}

export interface ChecklistView {
  readonly steps: readonly StepView[];
  readonly progress: { readonly completed: number; readonly total: number };
  readonly deployment: DeploymentView;
}

export interface StepView {
  readonly key: string;
  readonly title: string;
  readonly status: 'done' | 'skipped' | 'pending';
  readonly evidence: Evidence | null;
  readonly hint: string;
}

/** What shows that a step is done. */
export interface Evidence {
  readonly kind: string;
  readonly id: string;
  readonly at: Date;
}
