import { Module } from '@nestjs/common';
import { PlaneIdentityModule } from '../plane-identity/plane-identity.module';
import { TenantKeys } from './tenant-keys';
import { TenantSecrets } from './tenant-secrets';

/** The secrets that tenants store, and the keys that seal them. */
@Module({
  imports: [PlaneIdentityModule],
  providers: [TenantKeys, TenantSecrets],
  exports: [TenantKeys, TenantSecrets],
})
export class TenantSecretsModule {}
