import {
  CELL_DRAIN_STEPS,
  type LifecycleOperation,
  PROFILES,
  REOPENING_STEPS,
  type RotationMode,
  SECRET_ROTATION_STEPS,
  UPGRADE_STEPS,
  UPGRADE_WAVE_STEPS,
  type UpgradeWay,
  profileOf,
} from '@atlas/deployment-profiles';
import { type DeploymentModel } from '@atlas/tenancy';
import { Inject, Injectable, type Provider } from '@nestjs/common';
import { type EntityManager } from 'typeorm';
import { Tenant } from '../registry/tenant.entity';
import { type JobParams, type JobStatus } from '../jobs/job';
import { type ProvisioningJob } from './job.entity';
import { lifecycleSteps } from './lifecycle-steps';
import { OPERATION_RULES } from './operation-rules';
import { type Step } from '../jobs/step';
import { STEP_CLASSES } from '../operations/step-classes';
import { type PlanView } from '../lifecycle/accepted.view';

const STEPS = Symbol('STEPS');

/** Makes the steps and hands all of them to {@link Operations}. */
export const STEP_PROVIDERS: Provider[] = [
  ...STEP_CLASSES,
  { provide: STEPS, inject: [...STEP_CLASSES], useFactory: (...steps: Step[]) => steps },
];

/** Which steps an operation takes (the deployment profile says it, by name), and what its end means for the tenant. */
@Injectable()
export class Operations {
  private readonly steps: ReadonlyMap<string, Step>;

  constructor(@Inject(STEPS) steps: readonly Step[]) {
    this.steps = new Map(steps.map((step) => [step.name, step]));
    if (this.steps.size !== steps.length) throw new Error('Two steps have the same name.');
    const named = new Set([
      ...Object.values(PROFILES).flatMap(({ provisioning, lifecycle }) => [
        ...provisioning.steps,
        ...Object.values(lifecycle).flat(),
      ]),
      ...Object.values(SECRET_ROTATION_STEPS).flat(),
      ...Object.values(UPGRADE_STEPS).flat(),
      ...UPGRADE_WAVE_STEPS,
      ...CELL_DRAIN_STEPS,
      ...REOPENING_STEPS,
    ]);
    const unused = steps.filter((step) => !named.has(step.name));
    if (unused.length > 0) throw new Error(`No operation takes the step ${unused[0]?.name}.`);
    for (const name of named) this.step(name);
  }

  step(name: string): Step {
    const step = this.steps.get(name);
    if (!step) throw new Error(`There is no step named ${name}.`);
    return step;
  }

  /** In order. */
  provisioning(model: DeploymentModel): readonly Step[] {
    return profileOf(model).provisioning.steps.map((name) => this.step(name));
  }

  /** In order. */
  lifecycle(model: DeploymentModel, operation: LifecycleOperation, params: JobParams = {}): readonly Step[] {
    return lifecycleSteps(model, operation, params).map((name) => this.step(name));
  }

  /** In order. */
  secretRotation(mode: RotationMode): readonly Step[] {
    return SECRET_ROTATION_STEPS[mode].map((name) => this.step(name));
  }

  /** In order. */
  upgrade(way: UpgradeWay): readonly Step[] {
    return UPGRADE_STEPS[way].map((name) => this.step(name));
  }

  /** In order. */
  upgradeWave(): readonly Step[] {
    return UPGRADE_WAVE_STEPS.map((name) => this.step(name));
  }

  /** In order. */
  cellDrain(): readonly Step[] {
    return CELL_DRAIN_STEPS.map((name) => this.step(name));
  }

  /** The plan of a dry run. */
  async describe(steps: readonly Step[], tenant: Tenant, model = tenant.deploymentModel): Promise<PlanView> {
    const described = steps.map(async (step) => {
      const { name, description } = step;
      return { name, description, creates: await step.plan(tenant) };
    });
    const install_required = profileOf(model).installRequired;
    return { plan: { steps: await Promise.all(described), install_required } };
  }

  /** What the end of a job makes of its tenant, in the transaction that ends it. */
  async settle(
    manager: EntityManager,
    { tenantId, operation }: ProvisioningJob,
    status: JobStatus,
  ): Promise<void> {
    const { whenStopped, whenUndone } = OPERATION_RULES[operation];
    const next = { failed: whenStopped, cancelled: whenUndone }[status as string];
    if (tenantId === null || next === undefined) return;
    // Nothing is left of one that was undone, and its slug is free.
    const nothing = { holdsSlug: false, endpointUrl: null };
    const changes = { status: next, ...(next === 'deleted' && nothing) };
    await manager.update(Tenant, { id: tenantId }, changes);
  }
}
