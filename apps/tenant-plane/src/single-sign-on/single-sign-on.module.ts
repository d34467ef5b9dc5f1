import { Module } from '@nestjs/common';
import { AccessModule } from '../access/access.module';
import { AuditModule } from '../audit/audit.module';
import { CredentialsModule } from '../credentials/credentials.module';
import { EgressModule } from '../egress/egress.module';
import { EntitlementsModule } from '../entitlements/entitlements.module';
import { PlaneIdentityModule } from '../plane-identity/plane-identity.module';
import { IdentityProviderController } from './identity-provider.controller';
import { IdentityProviders } from './identity-providers';
import { TenantSignOn } from './tenant-sign-on';
import { UserSignOn } from './user-sign-on';
import { UserSignOnController } from './user-sign-on.controller';

/** Sign-in through a tenant's own identity provider. */
@Module({
  imports: [
    AccessModule,
    AuditModule,
    CredentialsModule,
    EgressModule,
    EntitlementsModule,
    PlaneIdentityModule,
  ],
  controllers: [IdentityProviderController, UserSignOnController],
  providers: [IdentityProviders, TenantSignOn, UserSignOn],
  exports: [IdentityProviders],
})
export class SingleSignOnModule {}
