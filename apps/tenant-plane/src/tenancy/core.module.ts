import { RepeatableRequests, SignInThrottle, Throttle } from '@atlas/persistence';
import { Global, Module } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { AccountsController } from '../accounts/accounts.controller';
import { Accounts } from '../accounts/accounts.service';
import { Devices } from '../accounts/devices';
import { Invitations } from '../accounts/invitations';
import { Passwords } from '../accounts/passwords';
import { PasswordsController } from '../accounts/passwords.controller';
import { ReopenedAccess } from '../accounts/reopened-access';
import { Revocations } from '../accounts/revocations';
import { SessionAuthentication } from '../accounts/session-authentication';
import { SessionCookie } from '../accounts/session-cookie';
import { OldSessions } from '../accounts/old-sessions';
import { Sessions } from '../accounts/sessions';
import { SignIns } from '../accounts/sign-ins';
import { SignupTokens } from '../accounts/signup-tokens';
import { UserTokens } from '../accounts/user-tokens';
import { UserWrites } from '../accounts/user-writes';
import { UsersController } from '../accounts/users.controller';
import { Users } from '../accounts/users.service';
import { AuditController } from '../audit/audit.controller';
import { AuditSealer } from '../audit/audit-sealer';
import { AuditTrail } from '../audit/audit-trail';
import { Audit } from '../audit/audit.service';
import { ControlPlaneChecks } from '../control-plane-link/checks/control-plane-checks';
import { ControlPlaneChecksController } from '../control-plane-link/checks/control-plane-checks.controller';
import { ControlPlaneClient } from '../control-plane-link/control-plane-client';
import { DesiredStateApplier } from '../control-plane-link/desired-state-applier';
import { Enrolment } from '../control-plane-link/enrolment';
import { HEALTH_PROVIDERS } from '../control-plane-link/health';
import { LinkState } from '../control-plane-link/link-state';
import { ControlPlaneLink } from '../control-plane-link/link.service';
import { PlaneIdentities } from '../control-plane-link/plane-identities';
import { ReportedEntries } from '../control-plane-link/reported-entries';
import { Reporter } from '../control-plane-link/reporter';
import { ServiceSecrets } from '../control-plane-link/service-secrets';
import { SingleTenantFile } from '../database/single-tenant-file';
import { Deployment } from '../deployment/deployment';
import { HomeController } from '../deployment/home.controller';
import { TenantDefaultController } from '../deployment/tenant-default.controller';
import { TenantIdempotency } from '../idempotency/tenant-idempotency';
import { UserRequests } from '../idempotency/user-requests';
import { MAIL_PROVIDERS } from '../mail';
import { LinkPagesController } from '../mail/link-pages.controller';
import { MovesController } from '../portability/moves.controller';
import { Moves } from '../portability/moves.service';
import { RunningTransfers } from '../portability/running-transfers';
import { TransferRelay } from '../portability/transfer-relay';
import { Transfers } from '../portability/transfers';
import { TenantCrossings } from './tenant-crossings';
import { TenantDirectory } from './tenant-directory';
import { TenantResolution } from './tenant-resolution';
import { TenantUrls } from './tenant-urls';
import { TenantRouter } from './tenant-router';
import { TenantGuard } from './tenant.guard';

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
