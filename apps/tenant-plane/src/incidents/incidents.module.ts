import { Module } from '@nestjs/common';
import { AccessModule } from '../access/access.module';
import { AuditModule } from '../audit/audit.module';
import { DueModule } from '../due/due.module';
import { IdempotencyModule } from '../idempotency/idempotency.module';
import { AutomaticIncidents } from './automatic-incidents';
import { Incidents } from './incidents';
import { IncidentsController } from './incidents.controller';
import { SlaBreaches } from './sla-breaches';
import { SlaPolicies } from './sla-policies';
import { SlaController } from './sla.controller';

@Module({
  imports: [AccessModule, AuditModule, DueModule, IdempotencyModule],
  controllers: [IncidentsController, SlaController],
  providers: [AutomaticIncidents, Incidents, SlaBreaches, SlaPolicies],
  exports: [AutomaticIncidents, Incidents],
})
export class IncidentsModule {}
