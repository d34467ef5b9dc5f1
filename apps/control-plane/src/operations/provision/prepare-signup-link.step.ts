import { SIGNUP_TOKEN_SECONDS } from '@atlas/plane-contract';
import { Injectable } from '@nestjs/common';
import { SignupLinks } from '../../tenants/signup-links';
import { Step, type StepContext, type StepResult, done } from '../../jobs/step';

/** Makes sure that the first admin can be let in. The link itself is made when it is asked for: it is a secret. */
@Injectable()
export class PrepareSignupLinkStep extends Step {
  readonly name = 'prepare-signup-link';
  readonly description = "Prepare the first admin's sign-up link";
  readonly creates = ['sign-up link'];

  constructor(private readonly links: SignupLinks) {
    super();
  }

  async run({ manager, tenantId }: StepContext): Promise<StepResult> {
    await this.links.requireReady(manager, tenantId);
    return done({ valid_seconds: SIGNUP_TOKEN_SECONDS });
  }

  async undo(): Promise<void> {
    // A link is good only where the tenant is served, and expires.
  }
}
