import { Database, PersistenceModule, databaseHealth } from '@atlas/persistence';
import { PlatformModule, environmentModule } from '@atlas/platform';
import { type DynamicModule, Module } from '@nestjs/common';
import { AiModule } from './ai/ai.module';
import { CmdbModule } from './cmdb/cmdb.module';
import { ProductionDatabaseCheck } from './tenancy/production-database-check';
import { RowSecurityCheck } from './tenancy/row-security-check';
import { databaseOptions } from './schema/database-options';
import { DatabaseModule } from './database/database.module';
import { TENANT_PLANE_SCHEMA } from './schema/tenant-plane-schema';
import { IncidentsModule } from './incidents/incidents.module';
import { OnboardingModule } from './onboarding/onboarding.module';
import { SingleSignOnModule } from './single-sign-on/single-sign-on.module';
import { CoreModule } from './core.module';
import { TenantPlaneConfig } from './config/tenant-plane.config';

/** What tenants use. A new feature is a folder and a line here. */
const FEATURES = [AiModule, CmdbModule, IncidentsModule, OnboardingModule, SingleSignOnModule];

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
        CoreModule,
        ...FEATURES,
      ],
      providers: [ProductionDatabaseCheck, RowSecurityCheck],
    };
  }
}
