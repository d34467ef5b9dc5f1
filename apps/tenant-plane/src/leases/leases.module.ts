import { Module } from '@nestjs/common';
import { AccessModule } from '../access/access.module';
import { AuditModule } from '../audit/audit.module';
import { EntitlementsModule } from '../entitlements/entitlements.module';
import { PlaneIdentityModule } from '../plane-identity/plane-identity.module';
import { TenancyModule } from '../tenancy/tenancy.module';
import { EntitlementViews } from './entitlement-views';
import { EntitlementsController } from './entitlements.controller';
import { LeaseFiles } from './lease-files';

/** Shows what a tenant may use, and loads leases from files. */
@Module({
  imports: [AccessModule, AuditModule, EntitlementsModule, PlaneIdentityModule, TenancyModule],
  controllers: [EntitlementsController],
  providers: [EntitlementViews, LeaseFiles],
})
export class LeasesModule {}
