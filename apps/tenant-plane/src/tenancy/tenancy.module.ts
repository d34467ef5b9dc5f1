import { Module } from '@nestjs/common';
import { PlaneIdentityModule } from '../plane-identity/plane-identity.module';
import { ProductionDatabaseCheck } from './production-database-check';
import { RowSecurityCheck } from './row-security-check';
import { SingleTenantFile } from './single-tenant-file';
import { TenantDirectory } from './tenant-directory';
import { TenantResolution } from './tenant-resolution';
import { TenantUrls } from './tenant-urls';

/** Knows which tenants live here and which one a request means, and keeps their rows apart. */
@Module({
  imports: [PlaneIdentityModule],
  providers: [
    ProductionDatabaseCheck,
    RowSecurityCheck,
    SingleTenantFile,
    TenantDirectory,
    TenantResolution,
    TenantUrls,
  ],
  exports: [SingleTenantFile, TenantDirectory, TenantResolution, TenantUrls],
})
export class TenancyModule {}
