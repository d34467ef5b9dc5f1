import { Module } from '@nestjs/common';
import { AuditModule } from '../audit/audit.module';
import { ServiceKeysModule } from '../service-keys/service-keys.module';
import { SigningKeysModule } from '../signing-keys/signing-keys.module';
import { DatabaseUrls } from './database-urls';
import { DesiredStates } from './desired-states';
import { Leases } from './leases';
import { PlaneAddresses } from './plane-addresses';
import { PlaneHealth } from './plane-health';
import { TenantStatusPublisher } from './tenant-status-publisher';

@Module({
  imports: [AuditModule, ServiceKeysModule, SigningKeysModule],
  providers: [DatabaseUrls, DesiredStates, Leases, PlaneAddresses, PlaneHealth, TenantStatusPublisher],
  exports: [DatabaseUrls, DesiredStates, Leases, PlaneAddresses, PlaneHealth, TenantStatusPublisher],
})
export class DesiredStateModule {}
