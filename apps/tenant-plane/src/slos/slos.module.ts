import { Module } from '@nestjs/common';
import { AccessModule } from '../access/access.module';
import { AuditModule } from '../audit/audit.module';
import { DueModule } from '../due/due.module';
import { IdempotencyModule } from '../idempotency/idempotency.module';
import { IncidentsModule } from '../incidents/incidents.module';
import { SloEpisodes } from './slo-episodes';
import { SloEvaluations } from './slo-evaluations';
import { SloEvents } from './slo-events';
import { SloStatuses } from './slo-statuses';
import { Slos } from './slos';
import { SlosController } from './slos.controller';

@Module({
  imports: [AccessModule, AuditModule, DueModule, IdempotencyModule, IncidentsModule],
  controllers: [SlosController],
  providers: [SloEpisodes, SloEvaluations, SloEvents, SloStatuses, Slos],
})
export class SlosModule {}
