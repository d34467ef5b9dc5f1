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
import { AccessGuard } from './access.guard';
import { AccountsController } from './accounts/accounts.controller';
import { ApiKeysController } from './accounts/api-keys.controller';
import { ApiKeys } from './accounts/api-keys';
import { IssuedLinks, LINK_KINDS, type LinkKind, ResetLinks } from './accounts/issued-links';
import { OldCredentials } from './accounts/old-credentials';
import { OperatorAuthentication } from './accounts/operator-authentication';
import { OperatorDevices } from './accounts/operator-devices';
import { OperatorPasswords } from './accounts/operator-passwords';
import { OperatorSessions } from './accounts/operator-sessions';
import { OperatorWrites } from './accounts/operator-writes';
import { OperatorsController } from './accounts/operators.controller';
import { Operators } from './accounts/operators';
import { SessionCookie } from './accounts/session-cookie';
import { SingleSignOnController } from './accounts/single-sign-on.controller';
import { OperatorSingleSignOn } from './accounts/operator-single-sign-on';
import { AiGatewayController } from './ai-gateway/ai-gateway.controller';
import { AiGateway } from './ai-gateway/ai-gateway';
import { CONFIGURED_AI_PROVIDER } from './ai-gateway/providers';
import { AuditSealer } from './audit/audit-sealer';
import { AuditController } from './audit/audit.controller';
import { Audit } from './audit/audit';
import { ControlPlaneConfig } from './config/control-plane.config';
import { DatabaseModule } from './database.module';
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
import { Attempts } from './jobs/attempts';
import { Chores } from './chores';
import { FaultPoints } from './jobs/fault-points';
import { JobEvents } from './jobs/job-events';
import { JobRunner } from './jobs/job-runner';
import { JobWaker } from './jobs/job-waker';
import { JobsController } from './lifecycle/jobs.controller';
import { Jobs } from './jobs/jobs';
import { JobControl } from './lifecycle/job-control';
import { OldBackups } from './operations/deprovision/old-backups';
import { OldCopies } from './operations/remove-copy/old-copies';
import { Operations, STEP_PROVIDERS } from './provisioning-jobs/operations';
import { Drains } from './operations/drain/drains';
import { JobSecrets } from './provisioning-jobs/job-secrets';
import { JobStarter } from './jobs/job-starter';
import { Moves } from './operations/move/moves';
import { Removals } from './operations/deprovision/removals';
import { ReadableBackup } from './operations/deprovision/readable-backup';
import { HomeChange } from './operations/move/home-change';
import { RestoredCopy } from './transfers/restored-copy';
import { Provisioning } from './operations/provision/provisioning';
import { GraphileQueue } from './jobs/queue/graphile.queue';
import { InProcessQueue } from './jobs/queue/in-process.queue';
import { JobQueue } from './jobs/queue/job-queue';
import { SecretRotations } from './operations/rotate-secret/secret-rotations';
import { TenantJobs } from './lifecycle/tenant-jobs';
import { TenantOperations } from './lifecycle/tenant-operations';
import { PlaneHealth } from './desired-state/plane-health';
import { UpgradeJobs } from './operations/upgrade/upgrade-jobs';
import { UpgradeTurn } from './operations/upgrade/upgrade-turn';
import { UpgradeWaves } from './operations/upgrade/upgrade-waves';
import { Upgrades } from './operations/upgrade/upgrades';
import { Worker } from './jobs/worker';
import { RECONCILE_PROVIDERS } from './reconcile';
import { DriftsController } from './reconcile/drifts.controller';
import { Routes } from './routing/routes';
import { RoutingController } from './routing/routing.controller';
import { Resealer } from './sealing/resealer';
import { SealingKeysController } from './sealing/sealing-keys.controller';
import { SignupController } from './signup/signup.controller';
import { Signups } from './signup/signups';
import { SigningKeys } from './signing-keys/signing-keys';
import { Cells } from './registry/cells';
import { DesiredStates } from './desired-state/desired-states';
import { Enrolment } from './enrolment/enrolment';
import { KeyUses } from './service-keys/key-uses';
import { OfflineEnrolment } from './enrolment/offline-enrolment';
import { PlaneOperationsController } from './operations/plane-operations.controller';
import { PlaneTokens } from './install-bundles/plane-tokens';
import { ProvisioningTokens } from './enrolment/provisioning-tokens';
import { Reports } from './plane-api/reports';
import { PostgresNonces } from './service-keys/request-nonces/postgres-nonces';
import { RequestNonces } from './service-keys/request-nonces/request-nonces';
import { SqliteNonces } from './service-keys/request-nonces/sqlite-nonces';
import { SelfController } from './plane-api/self.controller';
import { PreviousSecretUses } from './service-keys/previous-secret-uses';
import { SingleTenantPlanes } from './enrolment/single-tenant-planes';
import { ServiceKeys } from './service-keys/service-keys';
import { UpgradesController } from './operations/upgrade/upgrades.controller';
import { TenantPlanesController } from './fleet/tenant-planes.controller';
import { TenantPlanes } from './fleet/tenant-planes';
import { LifecycleController } from './operations/lifecycle.controller';
import { TenantStatusPublisher } from './desired-state/tenant-status-publisher';
import { DeletionCertificates } from './tenants/deletion-certificates';
import { TenantAddresses } from './tenants/tenant-addresses';
import { DatabaseUrls } from './desired-state/database-urls';
import { SignupLinks } from './tenants/signup-links';
import { TenantInfrastructure } from './infrastructure/tenant-infrastructure';
import { TenantTokens } from './install-bundles/tenant-tokens';
import { TenantsController } from './tenants/tenants.controller';
import { Tenants } from './tenants/tenants';
import { FleetGauge } from './fleet/fleet-gauge';
import { PlaneAddresses } from './desired-state/plane-addresses';
import { TokenMisuse } from './enrolment/token-misuse';
import { Backups } from './transfers/backups';
import { RelayController } from './plane-api/relay.controller';
import { TransferRelay } from './transfers/transfer-relay';
import { Transfers } from './transfers/transfers';
import { WaitingCalls } from './plane-api/waiting-calls';

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
