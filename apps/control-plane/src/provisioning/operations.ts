import { PROFILES, profileOf } from '@atlas/deployment-profiles';
import { type DeploymentModel } from '@atlas/tenancy';
import { Inject, Injectable, type Provider } from '@nestjs/common';
import { type EntityManager } from 'typeorm';
import { Tenant } from '../tenants/tenant.entity';
import { type JobStatus, newStepState, type StepState } from './job';
import { type ProvisioningJob } from './job.entity';
import { type Step } from './step';
import { STEP_CLASSES } from './steps';

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
    const named = new Set(Object.values(PROFILES).flatMap((profile) => profile.provisioning.steps));
    const unused = steps.filter((step) => !named.has(step.name));
    if (unused.length > 0) throw new Error(`No deployment profile takes the step ${unused[0]?.name}.`);
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

  newSteps(model: DeploymentModel): StepState[] {
    return this.provisioning(model).map((step) => newStepState(step.name));
  }

  /** What the end of a job makes of its tenant, in the transaction that ends it. */
  async settle(manager: EntityManager, { tenantId: id }: ProvisioningJob, status: JobStatus): Promise<void> {
    if (id === null) return;
    if (status === 'failed') await manager.update(Tenant, { id }, { status: 'failed' });
    // Rolled back: nothing is left of it, and its slug is free.
    if (status === 'cancelled') await manager.update(Tenant, { id }, { status: 'deleted', holdsSlug: false });
  }
}
