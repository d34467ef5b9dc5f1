import { Database, InProcessSignals, Signals } from '@atlas/persistence';
import { Module } from '@nestjs/common';
import { AccessModule } from '../access/access.module';
import { AuditModule } from '../audit/audit.module';
import { CredentialsModule } from '../credentials/credentials.module';
import { DueModule } from '../due/due.module';
import { IdempotencyModule } from '../idempotency/idempotency.module';
import { EgressModule } from '../egress/egress.module';
import { RunbooksModule } from '../runbooks/runbooks.module';
import { TenancyModule } from '../tenancy/tenancy.module';
import { TenantSecretsModule } from '../tenant-secrets/tenant-secrets.module';
import { AutomationPolicies } from './automation-policies';
import { AutomationPolicyController } from './automation-policy.controller';
import { HttpCall } from './http-call';
import { HttpLine } from './http-line';
import { HttpSteps } from './http-steps';
import { EventStreams } from './event-streams';
import { OwnLeases } from './own-leases';
import { RestoredRuns } from './restored-runs';
import { RunDecisions } from './run-decisions';
import { RunEvents } from './run-events';
import { RunStore } from './run-store';
import { Runs } from './runs';
import { RunsController } from './runs.controller';
import { StepLeases } from './step-leases';
import { StepSecrets } from './step-secrets';
import { StepStarts } from './step-starts';
import { OldOutputs } from './old-outputs';
import { RetentionModule } from '../retention/retention.module';

@Module({
  imports: [
    AccessModule,
    AuditModule,
    CredentialsModule,
    DueModule,
    IdempotencyModule,
    EgressModule,
    RetentionModule,
    RunbooksModule,
    TenancyModule,
    TenantSecretsModule,
  ],
  controllers: [AutomationPolicyController, RunsController],
  providers: [
    AutomationPolicies,
    HttpCall,
    HttpLine,
    HttpSteps,
    EventStreams,
    OldOutputs,
    OwnLeases,
    RestoredRuns,
    RunDecisions,
    RunEvents,
    RunStore,
    Runs,
    StepLeases,
    StepSecrets,
    StepStarts,
    // Other processes of the plane notice changes when they poll, which spares each process a connection.
    {
      provide: Signals,
      inject: [Database],
      useFactory: (database: Database) => new InProcessSignals(database),
    },
  ],
  exports: [Signals, StepLeases],
})
export class AutomationModule {}
