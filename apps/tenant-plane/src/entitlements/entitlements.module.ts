import { Module } from '@nestjs/common';
import { PlaneIdentityModule } from '../plane-identity/plane-identity.module';
import { TenancyModule } from '../tenancy/tenancy.module';
import { TenantEntitlements } from './entitlements';
import { Quotas } from './quotas';

/** Decides what a tenant may use, and how much of it. */
@Module({
  imports: [PlaneIdentityModule, TenancyModule],
  providers: [Quotas, TenantEntitlements],
  exports: [Quotas, TenantEntitlements],
})
export class EntitlementsModule {}
