import { Database, PersistenceModule, databaseHealth } from '@atlas/persistence';
import { PlatformModule, environmentModule } from '@atlas/platform';
import { type DynamicModule, Module } from '@nestjs/common';
import { AccountsModule } from './accounts/accounts.module';
import { AgentsModule } from './agents/agents.module';
import { AiModule } from './ai/ai.module';
import { AlertsModule } from './alerts/alerts.module';
import { ArchivesModule } from './archives/archives.module';
import { AuditTrailModule } from './audit-trail/audit-trail.module';
import { AutomationModule } from './automation/automation.module';
import { CmdbModule } from './cmdb/cmdb.module';
import { TenantPlaneConfig } from './config/tenant-plane.config';
import { ControlPlaneChecksModule } from './control-plane-checks/control-plane-checks.module';
import { ControlPlaneLinkModule } from './control-plane-link/control-plane-link.module';
import { DataSourcesModule } from './data-sources/data-sources.module';
import { DatabaseModule } from './database/database.module';
import { EntranceModule } from './entrance/entrance.module';
import { IncidentsModule } from './incidents/incidents.module';
import { LeasesModule } from './leases/leases.module';
import { OnboardingModule } from './onboarding/onboarding.module';
import { OutageModule } from './outage/outage.module';
import { OutboundModule } from './outbound/outbound.module';
import { PortabilityModule } from './portability/portability.module';
import { ResidencyModule } from './residency/residency.module';
import { databaseOptions } from './schema/database-options';
import { TENANT_PLANE_SCHEMA } from './schema/tenant-plane-schema';
import { RunbooksModule } from './runbooks/runbooks.module';
import { SingleSignOnModule } from './single-sign-on/single-sign-on.module';
import { SlosModule } from './slos/slos.module';

/** The modules with routes. A new feature needs a folder and a line here. */
const FEATURES = [
  AccountsModule,
  ArchivesModule,
  AuditTrailModule,
  ControlPlaneChecksModule,
  EntranceModule,
  OutageModule,
  PortabilityModule,
  AgentsModule,
  AiModule,
  AlertsModule,
  AutomationModule,
  CmdbModule,
  DataSourcesModule,
  IncidentsModule,
  LeasesModule,
  OnboardingModule,
  ResidencyModule,
  RunbooksModule,
  SingleSignOnModule,
  SlosModule,
];

@Module({})
export class AppModule {
  static forEnvironment(env: NodeJS.ProcessEnv): DynamicModule {
    return {
      module: AppModule,
      imports: [
        environmentModule(TenantPlaneConfig, env),
        PersistenceModule.forConfig(TenantPlaneConfig, databaseOptions),
        DatabaseModule.holding(TENANT_PLANE_SCHEMA),
        PlatformModule.forRootAsync({
          inject: [TenantPlaneConfig, Database],
          useFactory: (config: TenantPlaneConfig, database: Database) => ({
            metrics: { token: config.METRICS_TOKEN },
            readinessChecks: [() => databaseHealth(database)],
            web: config.web,
            mail: config.mail,
          }),
        }),
        ...FEATURES,
        ControlPlaneLinkModule,
        OutboundModule,
      ],
    };
  }
}
