import {
  Database,
  RepeatableRequests,
  SignInThrottle,
  Throttle,
  databaseHealth,
  databaseTarget,
} from '@atlas/persistence';
import { Clock, PlatformModule, environmentModule } from '@atlas/platform';
import { SignatureVerifier, authorityOf } from '@atlas/service-auth';
import { type DynamicModule, Module } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { AccessGuard } from './accounts/access.guard';
import { AccountsController } from './accounts/accounts.controller';
import { ApiKeysController } from './accounts/api-keys.controller';
import { ApiKeys } from './accounts/api-keys.service';
import { IssuedLinks, LINK_KINDS, type LinkKind, ResetLinks } from './accounts/issued-links';
import { OldCredentials } from './accounts/old-credentials';
import { OperatorAuthentication } from './accounts/operator-authentication';
import { OperatorDevices } from './accounts/operator-devices';
import { OperatorPasswords } from './accounts/operator-passwords.service';
import { OperatorSessions } from './accounts/operator-sessions.service';
import { OperatorWrites } from './accounts/operator-writes';
import { OperatorsController } from './accounts/operators.controller';
import { Operators } from './accounts/operators.service';
import { SessionCookie } from './accounts/session-cookie';
import { SingleSignOnController } from './accounts/single-sign-on.controller';
import { OperatorSingleSignOn } from './accounts/single-sign-on.service';
import { AiGatewayController } from './ai-gateway/ai-gateway.controller';
import { AiGateway } from './ai-gateway/ai-gateway.service';
import { CONFIGURED_AI_PROVIDER } from './ai-gateway/providers';
import { AuditSealer } from './audit/audit-sealer';
import { AuditController } from './audit/audit.controller';
import { Audit } from './audit/audit.service';
import { ControlPlaneConfig } from './control-plane.config';
import { DatabaseModule } from './database/database.module';
import { HomeController } from './home.controller';
import { OperatorRequests } from './idempotency/operator-requests';
import { SealedIdempotency } from './idempotency/sealed-idempotency';
import { DRIVER_PROVIDERS } from './infrastructure/drivers';
import { LocalInspection } from './infrastructure/drivers/local/local-inspection';
import { LocalPlanes } from './infrastructure/drivers/local/local-planes';
import { LocalSupervisor } from './infrastructure/drivers/local/local-supervisor';
import { Infrastructures } from './infrastructure/infrastructures';
import { MAIL_PROVIDERS } from './mail';
import { LinkPagesController } from './mail/link-pages.controller';
import { Attempts } from './provisioning/attempts';
import { Chores } from './provisioning/chores';
import { FaultPoints } from './provisioning/fault-points';
import { JobEvents } from './provisioning/job-events';
import { JobRunner } from './provisioning/job-runner';
import { JobWaker } from './provisioning/job-waker';
import { JobsController } from './provisioning/jobs.controller';
import { Jobs } from './provisioning/jobs.repository';
import { JobControl } from './provisioning/jobs.service';
import { OldBackups } from './provisioning/old-backups';
import { OldCopies } from './provisioning/old-copies';
import { Operations, STEP_PROVIDERS } from './provisioning/operations';
import { Drains } from './provisioning/drains.service';
import { JobSecrets } from './provisioning/job-secrets';
import { JobStarter } from './provisioning/job-starter';
import { Moves } from './provisioning/moves.service';
import { Removals } from './provisioning/removals.service';
import { ReadableBackup } from './provisioning/steps/readable-backup';
import { HomeChange } from './provisioning/steps/home-change';
import { RestoredCopy } from './provisioning/steps/restored-copy';
import { Provisioning } from './provisioning/provisioning.service';
import { GraphileQueue } from './provisioning/queue/graphile.queue';
import { InProcessQueue } from './provisioning/queue/in-process.queue';
import { JobQueue } from './provisioning/queue/job-queue';
import { SecretRotations } from './provisioning/secret-rotations';
import { TenantJobs } from './provisioning/tenant-jobs';
import { TenantOperations } from './provisioning/tenant-operations';
import { PlaneHealth } from './provisioning/plane-health';
import { UpgradeJobs } from './provisioning/upgrade-jobs';
import { UpgradeTurn } from './provisioning/upgrade-turn';
import { UpgradeWaves } from './provisioning/upgrade-waves.service';
import { Upgrades } from './provisioning/upgrades.service';
import { Worker } from './provisioning/worker';
import { RECONCILE_PROVIDERS } from './reconcile';
import { DriftsController } from './reconcile/drifts.controller';
import { Routes } from './routing/routes.service';
import { RoutingController } from './routing/routing.controller';
import { Resealer } from './sealing/resealer';
import { SealingKeysController } from './sealing/sealing-keys.controller';
import { SignupController } from './signup/signup.controller';
import { Signups } from './signup/signups.service';
import { SigningKeys } from './signing-keys/signing-keys';
import { Cells } from './tenant-planes/cells';
import { DesiredStates } from './tenant-planes/desired-state.service';
import { Enrolment } from './tenant-planes/enrolment.service';
import { KeyUses } from './tenant-planes/key-uses';
import { OfflineEnrolment } from './tenant-planes/offline-enrolment.service';
import { PlaneOperationsController } from './tenant-planes/plane-operations.controller';
import { PlaneTokens } from './tenant-planes/plane-tokens.service';
import { ProvisioningTokens } from './tenant-planes/provisioning-tokens';
import { Reports } from './tenant-planes/reports.service';
import { PostgresNonces } from './tenant-planes/request-nonces/postgres-nonces';
import { RequestNonces } from './tenant-planes/request-nonces/request-nonces';
import { SqliteNonces } from './tenant-planes/request-nonces/sqlite-nonces';
import { SelfController } from './tenant-planes/self.controller';
import { PreviousSecretUses } from './tenant-planes/previous-secret-uses';
import { SingleTenantPlanes } from './tenant-planes/single-tenant-planes';
import { ServiceKeys } from './tenant-planes/service-keys';
import { UpgradesController } from './tenant-planes/upgrades.controller';
import { TenantPlanesController } from './tenant-planes/tenant-planes.controller';
import { TenantPlanes } from './tenant-planes/tenant-planes.service';
import { LifecycleController } from './tenants/lifecycle.controller';
import { TenantStatusPublisher } from './tenants/tenant-status-publisher';
import { DeletionCertificates } from './tenants/deletion-certificates';
import { TenantAddresses } from './tenants/tenant-addresses';
import { DatabaseUrls } from './tenants/database-urls';
import { SignupLinks } from './tenants/signup-links';
import { TenantInfrastructure } from './tenants/tenant-infrastructure.service';
import { TenantTokens } from './tenants/tenant-tokens.service';
import { TenantsController } from './tenants/tenants.controller';
import { Tenants } from './tenants/tenants.service';
import { FleetGauge } from './tenant-planes/fleet-gauge';
import { PlaneAddresses } from './tenant-planes/plane-addresses';
import { TokenMisuse } from './tenant-planes/token-misuse';
import { Backups } from './transfers/backups.service';
import { RelayController } from './transfers/relay.controller';
import { TransferRelay } from './transfers/relay.service';
import { Transfers } from './transfers/transfers.service';
import { WaitingCalls } from './tenant-planes/waiting-calls';

/** Every kind of link that operators issue: those that lock no tenant first. */
const ISSUED_LINKS = [ResetLinks, SignupLinks];
const ACCOUNTS = [
  ApiKeys,
  IssuedLinks,
  ResetLinks,
  { provide: LINK_KINDS, inject: ISSUED_LINKS, useFactory: (...kinds: LinkKind[]) => kinds },
  OldCredentials,
  OperatorAuthentication,
  OperatorDevices,
  OperatorPasswords,
  OperatorSessions,
  OperatorSingleSignOn,
  OperatorWrites,
  Operators,
  SessionCookie,
  SignInThrottle,
  Throttle,
];
const AI_GATEWAY = [AiGateway, CONFIGURED_AI_PROVIDER];
const AUDIT = [Audit, AuditSealer];
const PROVISIONING = [
  FaultPoints,
  JobControl,
  JobEvents,
  JobRunner,
  JobSecrets,
  JobWaker,
  Jobs,
  Operations,
  Moves,
  Drains,
  JobStarter,
  TenantJobs,
  ReadableBackup,
  RestoredCopy,
  HomeChange,
  Removals,
  OldBackups,
  OldCopies,
  Provisioning,
  SecretRotations,
  TenantOperations,
  PlaneHealth,
  UpgradeJobs,
  UpgradeTurn,
  UpgradeWaves,
  Upgrades,
  Attempts,
  Worker,
  Chores,
];
const TENANT_PLANES = [
  Cells,
  DesiredStates,
  Enrolment,
  FleetGauge,
  KeyUses,
  OfflineEnrolment,
  PlaneAddresses,
  PlaneTokens,
  ProvisioningTokens,
  Reports,
  ServiceKeys,
  PreviousSecretUses,
  SingleTenantPlanes,
  TenantPlanes,
  TokenMisuse,
  Backups,
  TransferRelay,
  Transfers,
  WaitingCalls,
];
const INFRASTRUCTURE = [...DRIVER_PROVIDERS, Infrastructures, LocalInspection, LocalPlanes, LocalSupervisor];
const TENANTS = [
  DatabaseUrls,
  DeletionCertificates,
  SignupLinks,
  TenantAddresses,
  TenantInfrastructure,
  TenantStatusPublisher,
  TenantTokens,
  Tenants,
];

@Module({})
export class AppModule {
  static forEnvironment(env: NodeJS.ProcessEnv): DynamicModule {
    return {
      module: AppModule,
      imports: [
        environmentModule(ControlPlaneConfig, env),
        DatabaseModule,
        PlatformModule.forRootAsync({
          inject: [ControlPlaneConfig, Database],
          useFactory: (config: ControlPlaneConfig, database: Database) => ({
            metrics: { token: config.METRICS_TOKEN },
            readinessChecks: [() => databaseHealth(database)],
            web: config.web,
            mail: config.mail,
          }),
        }),
      ],
      controllers: [
        AccountsController,
        ApiKeysController,
        OperatorsController,
        SingleSignOnController,
        AiGatewayController,
        AuditController,
        DriftsController,
        HomeController,
        JobsController,
        LinkPagesController,
        RoutingController,
        SealingKeysController,
        SignupController,
        TenantsController,
        LifecycleController,
        PlaneOperationsController,
        RelayController,
        SelfController,
        TenantPlanesController,
        UpgradesController,
      ],
      providers: [
        ...ACCOUNTS,
        ...AI_GATEWAY,
        ...AUDIT,
        ...INFRASTRUCTURE,
        ...MAIL_PROVIDERS,
        ...PROVISIONING,
        ...RECONCILE_PROVIDERS,
        ...STEP_PROVIDERS,
        ...TENANT_PLANES,
        ...TENANTS,
        SealedIdempotency,
        Signups,
        { provide: RepeatableRequests, useClass: OperatorRequests },
        Routes,
        Resealer,
        SigningKeys,
        { provide: JobQueue, inject: [ControlPlaneConfig, Database], useFactory: createQueue },
        { provide: RequestNonces, inject: [Database, Clock], useFactory: createNonces },
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

function createQueue(config: ControlPlaneConfig, database: Database): JobQueue {
  const target = databaseTarget(config.CONTROL_PLANE_DATABASE_URL);
  return target.driver === 'postgres'
    ? new GraphileQueue(target.url, config.CONTROL_PLANE_MIGRATION_DATABASE_URL)
    : new InProcessQueue(database);
}

function createNonces(database: Database, clock: Clock): RequestNonces | Promise<RequestNonces> {
  return database.driver === 'postgres'
    ? new PostgresNonces(database, clock)
    : SqliteNonces.load(database, clock);
}

function createVerifier(config: ControlPlaneConfig, keys: ServiceKeys, nonces: RequestNonces, clock: Clock) {
  const authority = authorityOf(new URL(config.CONTROL_PLANE_PUBLIC_URL));
  return new SignatureVerifier({ authority }, keys, nonces, clock);
}
