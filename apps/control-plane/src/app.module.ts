import { WorkerModule } from '@atlas/jobs';
import { Database, databaseHealth } from '@atlas/persistence';
import { Clock, PlatformModule, environmentModule } from '@atlas/platform';
import { SignatureVerifier, authorityOf } from '@atlas/service-auth';
import { type DynamicModule, Module } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { AccessGuard } from './access.guard';
import { AccountsModule } from './accounts/accounts.module';
import { AiGatewayModule } from './ai-gateway/ai-gateway.module';
import { ChoresModule } from './chores.module';
import { ControlPlaneConfig } from './config/control-plane.config';
import { DatabaseModule } from './database.module';
import { EnrolmentModule } from './enrolment/enrolment.module';
import { EntitlementsModule } from './entitlements/entitlements.module';
import { EventsModule } from './events/events.module';
import { ExtensionPointsModule } from './extension-points.module';
import { HomeController } from './home.controller';
import { IdempotencyModule } from './idempotency/idempotency.module';
import { InstallBundlesModule } from './install-bundles/install-bundles.module';
import { OperationsModule } from './operations/operations.module';
import { OverviewModule } from './overview/overview.module';
import { PlaneApiModule } from './plane-api/plane-api.module';
import { ProvisioningJobsModule } from './provisioning-jobs/provisioning-jobs.module';
import { ReconcileModule } from './reconcile/reconcile.module';
import { SealingModule } from './sealing/sealing.module';
import { RequestNonces } from './service-keys/request-nonces/request-nonces';
import { ServiceKeys } from './service-keys/service-keys';
import { ServiceKeysModule } from './service-keys/service-keys.module';
import { SignupModule } from './signup/signup.module';

/** Global modules: every module may inject their providers. */
const PLUMBING = [DatabaseModule, IdempotencyModule, ExtensionPointsModule];

/** The modules that serve requests. Each imports the modules that it builds on. */
const FEATURES = [
  AccountsModule,
  AiGatewayModule,
  EnrolmentModule,
  EntitlementsModule,
  EventsModule,
  InstallBundlesModule,
  OperationsModule,
  OverviewModule,
  PlaneApiModule,
  ReconcileModule,
  SealingModule,
  SignupModule,
];

@Module({})
export class AppModule {
  static forEnvironment(env: NodeJS.ProcessEnv, clock?: Clock): DynamicModule {
    return {
      module: AppModule,
      imports: [
        environmentModule(ControlPlaneConfig, env),
        PlatformModule.forRootAsync({
          clock,
          inject: [ControlPlaneConfig, Database],
          useFactory: (config: ControlPlaneConfig, database: Database) => ({
            metrics: { token: config.METRICS_TOKEN },
            readinessChecks: [() => databaseHealth(database)],
            web: config.web,
            mail: config.mail,
          }),
        }),
        ...PLUMBING,
        ...FEATURES,
        ServiceKeysModule,
        WorkerModule.forHost([ChoresModule, OperationsModule, ProvisioningJobsModule]),
      ],
      controllers: [HomeController],
      providers: [
        {
          provide: SignatureVerifier,
          inject: [ControlPlaneConfig, ServiceKeys, RequestNonces, Clock],
          useFactory: createVerifier,
        },
        { provide: APP_GUARD, useClass: AccessGuard },
      ],
    };
  }
}

function createVerifier(config: ControlPlaneConfig, keys: ServiceKeys, nonces: RequestNonces, clock: Clock) {
  const authority = authorityOf(new URL(config.CONTROL_PLANE_PUBLIC_URL));
  return new SignatureVerifier({ authority }, keys, nonces, clock);
}
