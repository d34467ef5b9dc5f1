import { Module } from '@nestjs/common';
import { PlaneIdentityModule } from '../plane-identity/plane-identity.module';
import { Leases } from './leases';
import { ProductionDatabaseCheck } from './production-database-check';
import { OldCopies } from './old-copies';
import { RowSecurityCheck } from './row-security-check';
import { SingleTenantFile } from './single-tenant-file';
import { TenantDirectory } from './tenant-directory';
import { TenantResolution } from './tenant-resolution';
import { TenantUrls } from './tenant-urls';

/** Knows which tenants are served here and which tenant a request is for, and keeps tenants' rows apart. */
@Module({
  imports: [PlaneIdentityModule],
  providers: [
    Leases,
    ProductionDatabaseCheck,
    OldCopies,
    RowSecurityCheck,
    SingleTenantFile,
    TenantDirectory,
    TenantResolution,
    TenantUrls,
  ],
  exports: [Leases, OldCopies, SingleTenantFile, TenantDirectory, TenantResolution, TenantUrls],
})
export class TenancyModule {}
