import { IsString, Length, Matches } from 'class-validator';
import { type DeploymentView } from './deployment';

export interface OnboardingApi {
  /** Show the onboarding checklist */
  'GET /api/onboarding': { 200: ChecklistView };
  /** Skip a step of the checklist */
  'POST /api/onboarding/steps/:step/skip': { body: SkipStepDto; 200: ChecklistView };
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
  /** What to do, with facts of this deployment. */
  readonly hint: string;
  /** Why the step was skipped. Null if it was not, or if an earlier version skipped it without a reason. */
  readonly skip_reason: string | null;
}

/** What shows that a step is done. */
export interface Evidence {
  readonly kind: string;
  readonly id: string;
  readonly at: Date;
}

export class SkipStepDto {
  /** @example We use another product for SLOs. */
  @IsString()
  @Length(1, 500)
  @Matches(/\S/, { message: 'reason must not be blank' })
  reason: string;
}
