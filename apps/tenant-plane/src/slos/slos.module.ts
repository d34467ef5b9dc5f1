import { Module } from '@nestjs/common';
import { AccessModule } from '../access/access.module';
import { AuditModule } from '../audit/audit.module';
import { DueModule } from '../due/due.module';
import { IdempotencyModule } from '../idempotency/idempotency.module';
import { IncidentsModule } from '../incidents/incidents.module';
import { EgressModule } from '../egress/egress.module';
import { TenantSecretsModule } from '../tenant-secrets/tenant-secrets.module';
import { PrometheusCounts } from './prometheus-counts';
import { SloCredentials } from './slo-credentials';
import { SloEpisodes } from './slo-episodes';
import { SloEvaluations } from './slo-evaluations';
import { SloEvents } from './slo-events';
import { SloMeasurements } from './slo-measurements';
import { SloStatuses } from './slo-statuses';
import { Slos } from './slos';
import { SlosController } from './slos.controller';

@Module({
  imports: [
    AccessModule,
    AuditModule,
    DueModule,
    IdempotencyModule,
    IncidentsModule,
    EgressModule,
    TenantSecretsModule,
  ],
  controllers: [SlosController],
  providers: [
    PrometheusCounts,
    SloMeasurements,
    SloCredentials,
    SloEpisodes,
    SloEvaluations,
    SloEvents,
    SloStatuses,
    Slos,
  ],
})
export class SlosModule {}
