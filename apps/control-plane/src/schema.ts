import { type Schema, ThrottleRow, WriteProbe } from '@atlas/persistence';
import { ApiKey } from './accounts/api-key.entity';
import { KnownDevice } from './accounts/known-device.entity';
import { OperatorResetLink } from './accounts/operator-reset-link.entity';
import { OperatorSession } from './accounts/operator-session.entity';
import { Operator } from './accounts/operator.entity';
import { AiReservation, AiUsage } from './ai-gateway/credits/ai-usage.entity';
import { AiProvider } from './ai-gateway/providers/ai-provider.entity';
import { AuditEvent } from './audit/audit-event.entity';
import { CreateAccounts1700000000001 } from './database/migrations/0001-create-accounts';
import { CreateTenants1700000000002 } from './database/migrations/0002-create-tenants';
import { CreateTenantPlanes1700000000003 } from './database/migrations/0003-create-tenant-planes';
import { CreateAudit1700000000004 } from './database/migrations/0004-create-audit';
import { OpenJobsToPlanes1700000000005 } from './database/migrations/0005-open-jobs-to-planes';
import { CreateLocalPlanes1700000000006 } from './database/migrations/0006-create-local-planes';
import { CreateTransfers1700000000007 } from './database/migrations/0007-create-transfers';
import { KeepBackups1700000000008 } from './database/migrations/0008-keep-backups';
import { RotateSecrets1700000000009 } from './database/migrations/0009-rotate-secrets';
import { CreateDrifts1700000000010 } from './database/migrations/0010-create-drifts';
import { UpgradePlanes1700000000011 } from './database/migrations/0011-upgrade-planes';
import { DrainCells1700000000012 } from './database/migrations/0012-drain-cells';
import { ChainAudit1700000000013 } from './database/migrations/0013-chain-audit';
import { QueueMails1700000000014 } from './database/migrations/0014-queue-mails';
import { ManageOperators1700000000015 } from './database/migrations/0015-manage-operators';
import { CreateSignups1700000000017 } from './database/migrations/0017-create-signups';
import { FinishRevocations1700000000018 } from './database/migrations/0018-finish-revocations';
import { FollowAddresses1700000000019 } from './database/migrations/0019-follow-addresses';
import { ProbeWrites1700000000022 } from './database/migrations/0022-probe-writes';
import { KeepStoredSequences1700000000023 } from './database/migrations/0023-keep-stored-sequences';
import { TieKeysToParents1700000000025 } from './database/migrations/0025-tie-keys-to-parents';
import { IndexEndedCredentials1700000000026 } from './database/migrations/0026-index-ended-credentials';
import { LimitAddressChanges1700000000027 } from './database/migrations/0027-limit-address-changes';
import { NameImports1700000000028 } from './database/migrations/0028-name-imports';
import { RotateBesideJobs1700000000029 } from './database/migrations/0029-rotate-beside-jobs';
import { TellLateReports1700000000030 } from './database/migrations/0030-tell-late-reports';
import { CountGenerations1700000000031 } from './database/migrations/0031-count-generations';
import { TieResetLinksToIssuers1700000000032 } from './database/migrations/0032-tie-reset-links-to-issuers';
import { KeepSignupLinks1700000000033 } from './database/migrations/0033-keep-signup-links';
import { KeepLinksOfCopies1700000000035 } from './database/migrations/0035-keep-links-of-copies';
import { RequireCopies1700000000037 } from './database/migrations/0037-require-copies';
import { NoteWhatJobsRelyOn1700000000039 } from './database/migrations/0039-note-what-jobs-rely-on';
import { NameReopenings1700000000040 } from './database/migrations/0040-name-reopenings';
import { IndexMoves1700000000041 } from './database/migrations/0041-index-moves';
import { LimitRepairs1700000000044 } from './database/migrations/0044-limit-repairs';
import { TimeCatchingUp1700000000047 } from './database/migrations/0047-time-catching-up';
import { NameRemovals1700000000048 } from './database/migrations/0048-name-removals';
import { NameMakersOfBackups1700000000049 } from './database/migrations/0049-name-makers-of-backups';
import { IndexLists1700000000050 } from './database/migrations/0050-index-lists';
import { BindSignupsToBrowsers1700000000051 } from './database/migrations/0051-bind-signups-to-browsers';
import { IndexSignUps1700000000052 } from './database/migrations/0052-index-sign-ups';
import { NoteSuspensions1700000000053 } from './database/migrations/0053-note-suspensions';
import { LeasePlans1700000000054 } from './database/migrations/0054-lease-plans';
import { MeterUsage1700000000055 } from './database/migrations/0055-meter-usage';
import { CreateAiProviders1700000000056 } from './database/migrations/0056-create-ai-providers';
import { CountAiUsage1700000000057 } from './database/migrations/0057-count-ai-usage';
import { ControlPlaneState } from './database/plane-state.entity';
import { MintedSignupLink } from './desired-state/minted-signup-link.entity';
import { ProvisioningToken } from './enrolment/provisioning-token.entity';
import { TenantUsage } from './entitlements/tenant-usage.entity';
import { CreateEvents1700000000058 } from './database/migrations/0058-create-events';
import { NoteIncarnations1700000000059 } from './database/migrations/0059-note-incarnations';
import { CountThinking1700000000060 } from './database/migrations/0060-count-thinking';
import { KeepLeaseFiles1700000000061 } from './database/migrations/0061-keep-lease-files';
import { IndexFilters1700000000062 } from './database/migrations/0062-index-filters';
import { CountTenants1700000000063 } from './database/migrations/0063-count-tenants';
import { NoteChanges1700000000064 } from './database/migrations/0064-note-changes';
import { IndexWhatRoundsRead1700000000065 } from './database/migrations/0065-index-what-rounds-read';
import { PoolPlanes1700000000066 } from './database/migrations/0066-pool-planes';
import { EventDelivery } from './events/event-delivery.entity';
import { EventSubscription } from './events/event-subscription.entity';
import { PlaneOutage } from './fleet/plane-outage.entity';
import { IdempotencyRecord } from './idempotency/idempotency-key.entity';
import { LocalPlane } from './infrastructure/drivers/local/local-plane.entity';
import { OutgoingMail } from './mail/outgoing-mail.entity';
import { OutgoingEvent } from './outbox/outgoing-event.entity';
import { ProvisioningJob } from './provisioning-jobs/provisioning-job.entity';
import { Drift } from './reconcile/drift.entity';
import {
  ReconcileChange,
  ReconcileCursor,
  ReconcilePass,
  ReconcileTurn,
} from './reconcile/reconcile-state.entity';
import { Placement } from './registry/placement.entity';
import { TenantPlane } from './registry/tenant-plane.entity';
import { TenantTally } from './registry/tenant-tally.entity';
import { Tenant } from './registry/tenant.entity';
import { Transfer, TransferPart } from './registry/transfer.entity';
import { RequestNonce } from './service-keys/request-nonces/request-nonce.entity';
import { ServiceKey } from './service-keys/service-key.entity';
import { SigningKey } from './signing-keys/signing-key.entity';
import { EarlierSignupToken } from './signup/earlier-signup-token.entity';
import { DeletionCertificate } from './tenants/deletion-certificate.entity';
import { Signup } from './tenants/signup.entity';

/** The schema of the Control Plane's own database. Tenant planes have their own. */
export const CONTROL_PLANE_SCHEMA: Schema = {
  entities: [
    AiProvider,
    AiReservation,
    AiUsage,
    ApiKey,
    AuditEvent,
    ControlPlaneState,
    DeletionCertificate,
    Drift,
    EarlierSignupToken,
    EventDelivery,
    EventSubscription,
    IdempotencyRecord,
    KnownDevice,
    LocalPlane,
    MintedSignupLink,
    Operator,
    OperatorResetLink,
    OperatorSession,
    OutgoingEvent,
    OutgoingMail,
    Placement,
    PlaneOutage,
    ProvisioningJob,
    ProvisioningToken,
    ReconcileChange,
    ReconcileCursor,
    ReconcilePass,
    ReconcileTurn,
    RequestNonce,
    ServiceKey,
    Signup,
    SigningKey,
    Tenant,
    TenantTally,
    TenantUsage,
    ThrottleRow,
    TenantPlane,
    Transfer,
    TransferPart,
    WriteProbe,
  ],
  migrations: [
    CreateAccounts1700000000001,
    CreateTenants1700000000002,
    CreateTenantPlanes1700000000003,
    CreateAudit1700000000004,
    OpenJobsToPlanes1700000000005,
    CreateLocalPlanes1700000000006,
    CreateTransfers1700000000007,
    KeepBackups1700000000008,
    RotateSecrets1700000000009,
    CreateDrifts1700000000010,
    UpgradePlanes1700000000011,
    DrainCells1700000000012,
    ChainAudit1700000000013,
    QueueMails1700000000014,
    CreateSignups1700000000017,
    ManageOperators1700000000015,
    FinishRevocations1700000000018,
    FollowAddresses1700000000019,
    ProbeWrites1700000000022,
    KeepStoredSequences1700000000023,
    TieKeysToParents1700000000025,
    IndexEndedCredentials1700000000026,
    LimitAddressChanges1700000000027,
    NameImports1700000000028,
    RotateBesideJobs1700000000029,
    TellLateReports1700000000030,
    CountGenerations1700000000031,
    TieResetLinksToIssuers1700000000032,
    KeepSignupLinks1700000000033,
    KeepLinksOfCopies1700000000035,
    NoteWhatJobsRelyOn1700000000039,
    NameReopenings1700000000040,
    IndexMoves1700000000041,
    RequireCopies1700000000037,
    LimitRepairs1700000000044,
    TimeCatchingUp1700000000047,
    NameRemovals1700000000048,
    NameMakersOfBackups1700000000049,
    IndexLists1700000000050,
    BindSignupsToBrowsers1700000000051,
    IndexSignUps1700000000052,
    NoteSuspensions1700000000053,
    LeasePlans1700000000054,
    MeterUsage1700000000055,
    CreateAiProviders1700000000056,
    CountAiUsage1700000000057,
    CreateEvents1700000000058,
    NoteIncarnations1700000000059,
    CountThinking1700000000060,
    KeepLeaseFiles1700000000061,
    IndexFilters1700000000062,
    CountTenants1700000000063,
    NoteChanges1700000000064,
    IndexWhatRoundsRead1700000000065,
    PoolPlanes1700000000066,
  ],
};
