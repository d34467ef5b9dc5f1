import { Module } from '@nestjs/common';
import { AccessModule } from '../access/access.module';
import { AuditModule } from '../audit/audit.module';
import { IdempotencyModule } from '../idempotency/idempotency.module';
import { Incidents } from './incidents';
import { IncidentsController } from './incidents.controller';

@Module({
  imports: [AccessModule, AuditModule, IdempotencyModule],
  controllers: [IncidentsController],
  providers: [Incidents],
  exports: [Incidents],
})
export class IncidentsModule {}
