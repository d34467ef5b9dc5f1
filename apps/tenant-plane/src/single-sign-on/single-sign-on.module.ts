import { Module } from '@nestjs/common';
import { IdentityProviderController } from './identity-provider.controller';
import { IdentityProviders } from './identity-providers';
import { TenantSignOn } from './tenant-sign-on';
import { UserSignOnController } from './user-sign-on.controller';
import { UserSignOn } from './user-sign-on';

@Module({
  controllers: [IdentityProviderController, UserSignOnController],
  providers: [IdentityProviders, TenantSignOn, UserSignOn],
})
export class SingleSignOnModule {}
