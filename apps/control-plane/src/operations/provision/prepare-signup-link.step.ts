import { type StepResult, done } from '@atlas/jobs';
import { SIGNUP_TOKEN_SECONDS } from '@atlas/plane-contract';
import { Injectable } from '@nestjs/common';
import { type ProvisioningContext, ProvisioningStep } from '../../provisioning-jobs/provisioning-step';
import { SignupLinks } from '../../tenants/signup-links';

const READY = done({ valid_seconds: SIGNUP_TOKEN_SECONDS });

/**
 * Checks that the first admin can sign up. The link itself is a secret, so it is created only on request.
 */
@Injectable()
export class PrepareSignupLinkStep extends ProvisioningStep {
  readonly name = 'prepare-signup-link';
  readonly description = "Prepare the first admin's sign-up link";
  readonly creates = ['sign-up link'];

  constructor(private readonly links: SignupLinks) {
    super();
  }

  async run({ manager, tenantId }: ProvisioningContext): Promise<StepResult> {
    await this.links.requireReady(manager, tenantId);
    return READY;
  }

  /** The tenant's home has just been found, and a tenant in a cell has an address from the start. */
  override rightAfter({ outputs }: ProvisioningContext): StepResult | null {
    return outputs['reserve-place'] ? READY : null;
  }

  async undo(): Promise<void> {
    // Nothing to undo. A link works only on the plane that serves the tenant, and it expires.
  }
}
