import { TenantDatabase, insertIfAbsent } from '@atlas/persistence';
import { Clock, DomainError } from '@atlas/platform';
import { type StepView, type ChecklistView, type Evidence, SkipStepDto } from '@atlas/tenant-api/onboarding';
import { Injectable } from '@nestjs/common';
import { Audit } from '../audit/audit';
import { Deployment } from '../plane-identity/deployment';
import { type Tenant } from '../tenancy/tenant.entity';
import { TenantUrls } from '../tenancy/tenant-urls';
import { type DeploymentFacts, ONBOARDING_STEPS, type OnboardingStep } from './onboarding-steps';
import { SkippedStep } from './skipped-step.entity';

/** The checklist after sign-in. */
@Injectable()
export class Onboarding {
  constructor(
    private readonly tenants: TenantDatabase,
    private readonly deployment: Deployment,
    private readonly urls: TenantUrls,
    private readonly audit: Audit,
    private readonly clock: Clock,
  ) {}

  async checklist(tenant: Tenant): Promise<ChecklistView> {
    const facts = { home: this.urls.home(tenant), profile: this.deployment.profile };
    const steps = await this.tenants.read(tenant.id, async (scope) => {
      const skipped = new Map((await scope.find(SkippedStep)).map((row) => [row.step, row]));
      const evidence = await Promise.all(ONBOARDING_STEPS.map((step) => step.evidence(scope)));
      return ONBOARDING_STEPS.map((step, index) =>
        stepView(step, facts, evidence[index] ?? null, skipped.get(step.key)),
      );
    });
    const completed = steps.filter((step) => step.status !== 'pending').length;
    return { steps, progress: { completed, total: steps.length }, deployment: this.deployment.describe() };
  }

  /** Throws `onboarding_step_not_found`. */
  async skip(tenant: Tenant, key: string, { reason }: SkipStepDto): Promise<ChecklistView> {
    if (!ONBOARDING_STEPS.some((step) => step.key === key)) {
      throw new DomainError(
        'onboarding_step_not_found',
        'not_found',
        `There is no such step. The steps are: ${ONBOARDING_STEPS.map((step) => step.key).join(', ')}.`,
      );
    }
    await this.tenants.write(tenant.id, async (scope) => {
      const row = { tenantId: tenant.id, step: key, skippedAt: this.clock.now(), reason: reason.trim() };
      if (!(await insertIfAbsent(scope.manager, SkippedStep, row))) return;
      await this.audit.record(scope, {
        action: 'onboarding.step_skipped',
        targetKind: 'onboarding_step',
        targetId: key,
        after: { reason: row.reason },
      });
    });
    return this.checklist(tenant);
  }
}

function stepView(
  { key, title, hint }: OnboardingStep,
  facts: DeploymentFacts,
  evidence: Evidence | null,
  skipped: SkippedStep | undefined,
): StepView {
  const status = evidence ? 'done' : skipped ? 'skipped' : 'pending';
  return { key, title, status, evidence, hint: hint(facts), skip_reason: skipped?.reason ?? null };
}
