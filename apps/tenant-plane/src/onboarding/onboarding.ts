import { TenantDatabase, insertIfAbsent } from '@atlas/persistence';
import { Clock, DomainError } from '@atlas/platform';
import { type StepView, type ChecklistView, type Evidence } from '@atlas/tenant-api/onboarding';
import { Injectable } from '@nestjs/common';
import { Audit } from '../audit/audit';
import { Deployment } from '../plane-identity/deployment';
import { ONBOARDING_STEPS, type OnboardingStep } from './onboarding-steps';
import { SkippedStep } from './skipped-step.entity';

/** The checklist after sign-in. */
@Injectable()
export class Onboarding {
  constructor(
    private readonly tenants: TenantDatabase,
    private readonly deployment: Deployment,
    private readonly audit: Audit,
    private readonly clock: Clock,
  ) {}

  async checklist(tenantId: string): Promise<ChecklistView> {
    const steps = await this.tenants.read(tenantId, async (scope) => {
      const skipped = new Set((await scope.find(SkippedStep)).map((row) => row.step));
      const evidence = await Promise.all(ONBOARDING_STEPS.map((step) => step.evidence(scope)));
      return ONBOARDING_STEPS.map((step, index) =>
        stepView(step, evidence[index] ?? null, skipped.has(step.key)),
      );
    });
    const completed = steps.filter((step) => step.status !== 'pending').length;
    return { steps, progress: { completed, total: steps.length }, deployment: this.deployment.describe() };
  }

  async skip(tenantId: string, key: string): Promise<ChecklistView> {
    if (!ONBOARDING_STEPS.some((step) => step.key === key)) {
      throw new DomainError(
        'onboarding_step_not_found',
        'not_found',
        `There is no such step. The steps are: ${ONBOARDING_STEPS.map((step) => step.key).join(', ')}.`,
      );
    }
    await this.tenants.write(tenantId, async (scope) => {
      const row = { tenantId, step: key, skippedAt: this.clock.now() };
      if (!(await insertIfAbsent(scope.manager, SkippedStep, row))) return;
      await this.audit.record(scope, {
        action: 'onboarding.step_skipped',
        targetKind: 'onboarding_step',
        targetId: key,
      });
    });
    return this.checklist(tenantId);
  }
}

function stepView(step: OnboardingStep, evidence: Evidence | null, isSkipped: boolean): StepView {
  const { key, title, hint } = step;
  return { key, title, status: evidence ? 'done' : isSkipped ? 'skipped' : 'pending', evidence, hint };
}
