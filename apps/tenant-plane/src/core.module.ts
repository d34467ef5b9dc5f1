import { RepeatableRequests, SignInThrottle, Throttle } from '@atlas/persistence';
import { Global, Module } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { AccountsController } from './accounts/accounts.controller';
import { Accounts } from './accounts/accounts';
import { Devices } from './accounts/devices';
import { Invitations } from './accounts/invitations';
import { Passwords } from './accounts/passwords';
import { PasswordsController } from './accounts/passwords.controller';
import { ReopenedAccess } from './credentials/reopened-access';
import { Revocations } from './credentials/revocations';
import { SessionAuthentication } from './credentials/session-authentication';
import { SessionCookie } from './access/session-cookie';
import { OldSessions } from './accounts/old-sessions';
import { Sessions } from './credentials/sessions';
import { SignIns } from './accounts/sign-ins';
import { SignupTokens } from './accounts/signup-tokens';
import { UserTokens } from './credentials/user-tokens';
import { UserWrites } from './access/user-writes';
import { UsersController } from './accounts/users.controller';
import { Users } from './accounts/users';
import { AuditController } from './audit-trail/audit.controller';
import { AuditSealer } from './audit/audit-sealer';
import { AuditTrail } from './audit/audit-trail';
import { Audit } from './audit/audit';
import { ControlPlaneChecks } from './control-plane-checks/control-plane-checks';
import { ControlPlaneChecksController } from './control-plane-checks/control-plane-checks.controller';
import { ControlPlaneClient } from './control-plane-client/control-plane-client';
import { DesiredStateApplier } from './control-plane-link/desired-state-applier';
import { Enrolment } from './control-plane-link/enrolment';
import { HEALTH_PROVIDERS } from './reporting/health-providers';
import { LinkState } from './reporting/link-state';
import { ControlPlaneLink } from './control-plane-link/control-plane-link';
import { PlaneIdentities } from './plane-identity/plane-identities';
import { ReportedEntries } from './reporting/reported-entries';
import { Reporter } from './reporting/reporter';
import { ServiceSecrets } from './control-plane-client/service-secrets';
import { SingleTenantFile } from './tenancy/single-tenant-file';
import { Deployment } from './plane-identity/deployment';
import { HomeController } from './entrance/home.controller';
import { TenantDefaultController } from './entrance/tenant-default.controller';
import { TenantIdempotency } from './idempotency/tenant-idempotency';
import { UserRequests } from './idempotency/user-requests';
import { MAIL_PROVIDERS } from './mail/mail-providers';
import { LinkPagesController } from './entrance/link-pages.controller';
import { MovesController } from './portability/moves.controller';
import { Moves } from './portability/moves';
import { RunningTransfers } from './portability/running-transfers';
import { TransferRelay } from './portability/transfer-relay';
import { Transfers } from './portability/transfers';
import { TenantCrossings } from './access/tenant-crossings';
import { TenantDirectory } from './tenancy/tenant-directory';
import { TenantResolution } from './tenancy/tenant-resolution';
import { TenantUrls } from './tenancy/tenant-urls';
import { TenantRouter } from './access/tenant-router';
import { TenantGuard } from './access/tenant.guard';

const LINK = [
  ControlPlaneChecks,
  ControlPlaneClient,
  ControlPlaneLink,
  LinkState,
  DesiredStateApplier,
  Enrolment,
  PlaneIdentities,
  ReportedEntries,
  Reporter,
  ...HEALTH_PROVIDERS,
  ServiceSecrets,
  Moves,
  RunningTransfers,
  TransferRelay,
  Transfers,
];
const TENANCY = [
  TenantCrossings,
  TenantDirectory,
  TenantResolution,
  TenantRouter,
  TenantUrls,
  { provide: APP_GUARD, useClass: TenantGuard },
];
const IDEMPOTENCY = [TenantIdempotency, { provide: RepeatableRequests, useClass: UserRequests }];
const ACCOUNTS = [
  Accounts,
  Devices,
  Invitations,
  Passwords,
  ReopenedAccess,
  Revocations,
  SessionAuthentication,
  SessionCookie,
  Sessions,
  SignIns,
  SignInThrottle,
  SignupTokens,
  Throttle,
  UserTokens,
  UserWrites,
  Users,
  ...MAIL_PROVIDERS,
];

/** What every feature stands on: which tenant, which user, which deployment, and the word of the Control Plane. */
@Global()
@Module({
  controllers: [
    AccountsController,
    PasswordsController,
    UsersController,
    AuditController,
    ControlPlaneChecksController,
    TenantDefaultController,
    HomeController,
    LinkPagesController,
    MovesController,
  ],
  providers: [
    ...LINK,
    ...TENANCY,
    ...ACCOUNTS,
    ...IDEMPOTENCY,
    Audit,
    AuditSealer,
    AuditTrail,
    OldSessions,
    Deployment,
    SingleTenantFile,
  ],
  exports: [
    Audit,
    ControlPlaneClient,
    Deployment,
    PlaneIdentities,
    RepeatableRequests,
    SessionAuthentication,
    SessionCookie,
    Sessions,
    SingleTenantFile,
    Revocations,
    UserTokens,
    UserWrites,
  ],
})
export class CoreModule {}
