import {
  ApiBearerAuth,
  ApiTags,
  servesOf,
  ExpectedVersion,
  IfMatch,
  Versioned,
  byContent,
} from '@atlas/platform';
import {
  type IdentityProviderApi,
  ConfigureIdentityProviderDto,
  type IdentityProviderView,
} from '@atlas/tenant-api/identity-provider';
import { Body, Controller, HttpCode } from '@nestjs/common';
import { Requires } from '../access/requires';
import { CurrentTenant, CurrentUser } from '../access/tenant-request';
import { type SignedInUser } from '../credentials/signed-in-user';
import { type Tenant } from '../tenancy/tenant.entity';
import { CONFIGURE_SIGN_IN, IdentityProviders } from './identity-providers';

const Serves = servesOf<IdentityProviderApi>();
const VERSION = byContent<IdentityProviderView>('provider');

@ApiTags('accounts')
@ApiBearerAuth()
@Requires(CONFIGURE_SIGN_IN)
@Controller()
export class IdentityProviderController {
  constructor(private readonly providers: IdentityProviders) {}

  @Versioned(VERSION)
  @Serves('GET /api/identity-provider')
  view(@CurrentTenant() tenant: Tenant): Promise<IdentityProviderView> {
    return this.providers.view(tenant);
  }

  @Versioned(VERSION)
  @Serves('PUT /api/identity-provider')
  configure(
    @CurrentTenant() tenant: Tenant,
    @CurrentUser() by: SignedInUser,
    @Body() dto: ConfigureIdentityProviderDto,
    @IfMatch() expected: ExpectedVersion<IdentityProviderView>,
  ): Promise<IdentityProviderView> {
    return this.providers.configure(tenant, by, dto, expected);
  }

  @Versioned(VERSION)
  @Serves('DELETE /api/identity-provider')
  @HttpCode(204)
  remove(
    @CurrentTenant() tenant: Tenant,
    @CurrentUser() by: SignedInUser,
    @IfMatch() expected: ExpectedVersion<IdentityProviderView>,
  ): Promise<void> {
    return this.providers.remove(tenant, by, expected);
  }
}
