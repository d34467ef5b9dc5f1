import { Module } from '@nestjs/common';
import { AccessModule } from '../access/access.module';
import { AuditModule } from '../audit/audit.module';
import { DataSourcesModule } from '../data-sources/data-sources.module';
import { DueModule } from '../due/due.module';
import { IdempotencyModule } from '../idempotency/idempotency.module';
import { IncidentsModule } from '../incidents/incidents.module';
import { AlertIncidents } from './alert-incidents';
import { Alerts } from './alerts';
import { AlertsController } from './alerts.controller';
import { IngestController } from './ingest.controller';
import { Intake } from './intake';
import { Silences } from './silences';
import { OldAlerts } from './old-alerts';
import { RetentionModule } from '../retention/retention.module';

/** Alerts, from their arrival to the incidents that they open. */
@Module({
  imports: [
    AccessModule,
    AuditModule,
    DataSourcesModule,
    DueModule,
    IdempotencyModule,
    IncidentsModule,
    RetentionModule,
  ],
  controllers: [AlertsController, IngestController],
  providers: [AlertIncidents, Alerts, Intake, OldAlerts, Silences],
})
export class AlertsModule {}
