import { Module } from '@nestjs/common';
import { AccessModule } from '../access/access.module';
import { AuditModule } from '../audit/audit.module';
import { EntitlementsModule } from '../entitlements/entitlements.module';
import { IdempotencyModule } from '../idempotency/idempotency.module';
import { TenancyModule } from '../tenancy/tenancy.module';
import { DataSourceKeys } from './data-source-keys';
import { DataSources } from './data-sources';
import { DataSourcesController } from './data-sources.controller';

/** Where alerts come from, and the keys that they are sent with. */
@Module({
  imports: [AccessModule, AuditModule, EntitlementsModule, IdempotencyModule, TenancyModule],
  controllers: [DataSourcesController],
  providers: [DataSourceKeys, DataSources],
  exports: [DataSourceKeys],
})
export class DataSourcesModule {}
