import { StepRegistry } from '@atlas/jobs';
import { type Provider, type Type } from '@nestjs/common';
import { type ProvisioningStep } from './provisioning-step';

/** Providers of an operation's steps. The steps register themselves when the application starts. */
export function stepProviders(steps: readonly Type<ProvisioningStep>[]): Provider[] {
  const registration: Provider = {
    provide: Symbol('STEPS'),
    inject: [StepRegistry, ...steps],
    useFactory: (registry: StepRegistry, ...made: ProvisioningStep[]) => registry.register(...made),
  };
  return [...steps, registration];
}
