import { ApiBearerAuth, ApiTags } from '@atlas/platform';
import { Body, Controller, Delete, Get, HttpCode, Put } from '@nestjs/common';
import { Requires } from '../access/requires';
import { CurrentTenant, CurrentUser } from '../access/tenant-request';
import { type SignedInUser } from '../credentials/signed-in-user';
import { type Tenant } from '../tenancy/tenant.entity';
import { ConfigureIdentityProviderDto } from './identity-provider.dto';
import { type IdentityProviderView, IdentityProviders } from './identity-providers';

@ApiTags('accounts')
@ApiBearerAuth()
@Requires('sign_in:configure')
@Controller('identity-provider')
export class IdentityProviderController {
  constructor(private readonly providers: IdentityProviders) {}

  @Get()
  view(@CurrentTenant() tenant: Tenant): Promise<IdentityProviderView> {
    return this.providers.view(tenant);
  }

  @Put()
  configure(
    @CurrentTenant() tenant: Tenant,
    @CurrentUser() by: SignedInUser,
    @Body() dto: ConfigureIdentityProviderDto,
  ): Promise<IdentityProviderView> {
    return this.providers.configure(tenant, by, dto);
  }

  @Delete()
  @HttpCode(204)
  remove(@CurrentTenant() tenant: Tenant, @CurrentUser() by: SignedInUser): Promise<void> {
    return this.providers.remove(tenant, by);
  }
}
