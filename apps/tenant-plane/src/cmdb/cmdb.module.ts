import { Module } from '@nestjs/common';
import { AccessModule } from '../access/access.module';
import { AuditModule } from '../audit/audit.module';
import { IdempotencyModule } from '../idempotency/idempotency.module';
import { Cmdb } from './cmdb';
import { CmdbController } from './cmdb.controller';
import { Impacts } from './impacts';
import { Relationships } from './relationships';

@Module({
  imports: [AccessModule, AuditModule, IdempotencyModule],
  controllers: [CmdbController],
  providers: [Cmdb, Impacts, Relationships],
})
export class CmdbModule {}
