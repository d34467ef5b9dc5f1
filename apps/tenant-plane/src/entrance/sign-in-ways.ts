import { type SignInView } from '@atlas/tenant-api/deployment';
import { Injectable } from '@nestjs/common';
import { Accounts } from '../accounts/accounts';
import { Mails } from '../mail/mails';
import { IdentityProviders } from '../single-sign-on/identity-providers';
import { type Tenant } from '../tenancy/tenant.entity';

/** The ways in which a tenant's users can sign in. */
@Injectable()
export class SignInWays {
  constructor(
    private readonly accounts: Accounts,
    private readonly providers: IdentityProviders,
    private readonly mails: Mails,
  ) {}

  async of(tenant: Tenant | null): Promise<SignInView> {
    const [isSingleSignOn, isRegistration] = tenant
      ? await Promise.all([this.providers.isReady(tenant), this.accounts.isRegistrationOpen(tenant)])
      : [false, false];
    return {
      password: true,
      single_sign_on: isSingleSignOn,
      registration: isRegistration,
      mail: this.mails.isOn,
    };
  }
}
