import { TenantCounter, ThrottleRow, WriteProbe } from '@atlas/persistence';
import { KnownDevice } from '../accounts/known-device.entity';
import { UsedSignupToken } from '../accounts/used-signup-token.entity';
import { Agent } from '../agents/agent.entity';
import { UsageDay } from '../entitlements/usage-day.entity';
import { AiAnswer } from '../ai/ai-answer.entity';
import { AiEndpoint } from '../ai/ai-endpoint.entity';
import { AiFeatureSetting } from '../ai/ai-feature-setting.entity';
import { AiRouteSetting } from '../ai/ai-route-setting.entity';
import { AlertGroup } from '../alerts/alert-group.entity';
import { Alert } from '../alerts/alert.entity';
import { Silence } from '../alerts/silence.entity';
import { Export } from '../archives/export.entity';
import { Import } from '../archives/import.entity';
import { AuditEvent } from '../audit/audit-event.entity';
import { AutomationPolicy } from '../automation/automation-policy.entity';
import { SealedValues } from '../automation/run-secrets.entity';
import { RunStep } from '../automation/run-step.entity';
import { Run } from '../automation/run.entity';
import { StepOutput } from '../automation/step-output.entity';
import { ConfigurationItem } from '../cmdb/configuration-item.entity';
import { Relationship } from '../cmdb/relationship.entity';
import { IdentityProvider } from '../credentials/identity-provider.entity';
import { Session } from '../credentials/session.entity';
import { UserIdentity } from '../credentials/user-identity.entity';
import { UserToken } from '../credentials/user-token.entity';
import { User } from '../credentials/user.entity';
import { DataSource } from '../data-sources/data-source.entity';
import { type PlaneSchema } from '../database/plane-schema';
import { IdempotencyRecord } from '../idempotency/idempotency-record.entity';
import { DueTime } from '../due/due-time.entity';
import { EgressCall, PlaneEgressCall } from '../egress/egress-call.entity';
import { AffectedItem } from '../incidents/affected-item.entity';
import { Incident } from '../incidents/incident.entity';
import { SlaTargets } from '../incidents/sla-targets.entity';
import { TimelineItem } from '../incidents/timeline-item.entity';
import { OutgoingMail } from '../mail/outgoing-mail.entity';
import { SkippedStep } from '../onboarding/skipped-step.entity';
import { LinkCutRow } from '../plane-identity/link-cut.entity';
import { PlaneIdentity } from '../plane-identity/plane-identity.entity';
import { SealedCredentials } from '../runbooks/runbook-credentials.entity';
import { RunbookVersion } from '../runbooks/runbook-version.entity';
import { Runbook } from '../runbooks/runbook.entity';
import { SloBucket } from '../slos/slo-bucket.entity';
import { SealedHeaders } from '../slos/slo-credentials.entity';
import { Slo } from '../slos/slo.entity';
import { Tenant } from '../tenancy/tenant.entity';
import { TenantKey } from '../tenant-secrets/tenant-key.entity';
import { CreateIdentity1700000000001 } from './migrations/0001-create-identity';
import { CreateAccounts1700000000002 } from './migrations/0002-create-accounts';
import { CreateIncidents1700000000003 } from './migrations/0003-create-incidents';
import { CreateCmdb1700000000004 } from './migrations/0004-create-cmdb';
import { CreateIdempotencyKeys1700000000005 } from './migrations/0005-create-idempotency-keys';
import { TrackChanges1700000000006 } from './migrations/0006-track-changes';
import { CreateAi1700000000007 } from './migrations/0007-create-ai';
import { KeepServiceSecrets1700000000008 } from './migrations/0008-keep-service-secrets';
import { ChainAudit1700000000009 } from './migrations/0009-chain-audit';
import { QueueMails1700000000011 } from './migrations/0011-queue-mails';
import { InviteUsers1700000000012 } from './migrations/0012-invite-users';
import { CreateSingleSignOn1700000000013 } from './migrations/0013-create-single-sign-on';
import { CountRevocations1700000000014 } from './migrations/0014-count-revocations';
import { ProbeWrites1700000000017 } from './migrations/0017-probe-writes';
import { NoteSingleSignOn1700000000019 } from './migrations/0019-note-single-sign-on';
import { IndexOldSessions1700000000020 } from './migrations/0020-index-old-sessions';
import { CopyPrivateKey1700000000021 } from './migrations/0021-copy-private-key';
import { NoteFreezes1700000000022 } from './migrations/0022-note-freezes';
import { OrderRuns1700000000023 } from './migrations/0023-order-runs';
import { TellSignupLinks1700000000024 } from './migrations/0024-tell-signup-links';
import { KeepLinksOfCopies1700000000026 } from './migrations/0026-keep-links-of-copies';
import { NoteSignedStates1700000000029 } from './migrations/0029-note-signed-states';
import { EndInvitations1700000000030 } from './migrations/0030-end-invitations';
import { NoteAppliedContents1700000000031 } from './migrations/0031-note-applied-contents';
import { EndAccessOfCopies1700000000032 } from './migrations/0032-end-access-of-copies';
import { NoteToldRevisions1700000000034 } from './migrations/0034-note-told-revisions';
import { NoteDueTimes1700000000036 } from './migrations/0036-note-due-times';
import { FollowIncidents1700000000037 } from './migrations/0037-follow-incidents';
import { RelateItems1700000000038 } from './migrations/0038-relate-items';
import { ReceiveAlerts1700000000039 } from './migrations/0039-receive-alerts';
import { KeepTenantSecrets1700000000040 } from './migrations/0040-keep-tenant-secrets';
import { CreateSlos1700000000041 } from './migrations/0041-create-slos';
import { CreateArchives1700000000042 } from './migrations/0042-create-archives';
import { CreateRunbooks1700000000043 } from './migrations/0043-create-runbooks';
import { RunRunbooks1700000000044 } from './migrations/0044-run-runbooks';
import { ExplainSkips1700000000045 } from './migrations/0045-explain-skips';
import { OverlapAgentKeys1700000000046 } from './migrations/0046-overlap-agent-keys';
import { KeepSecretsOfRunbooks1700000000047 } from './migrations/0047-keep-secrets-of-runbooks';
import { KeepCredentialsOfSlos1700000000048 } from './migrations/0048-keep-credentials-of-slos';
import { AnnounceMoves1700000000049 } from './migrations/0049-announce-moves';
import { IndexOpenIncidents1700000000050 } from './migrations/0050-index-open-incidents';
import { IndexRunsOfRunbooks1700000000051 } from './migrations/0051-index-runs-of-runbooks';
import { KeepLeases1700000000052 } from './migrations/0052-keep-leases';
import { MeterUsage1700000000053 } from './migrations/0053-meter-usage';
import { KeepEgress1700000000054 } from './migrations/0054-keep-egress';
import { NoteLatestVersion1700000000056 } from './migrations/0056-note-latest-version';
import { AllowAiFeatures1700000000057 } from './migrations/0057-allow-ai-features';
import { KeepAiEndpoints1700000000058 } from './migrations/0058-keep-ai-endpoints';
import { NameIncarnations1700000000059 } from './migrations/0059-name-incarnations';
import { RehearseOutages1700000000060 } from './migrations/0060-rehearse-outages';
import { LimitHistory1700000000061 } from './migrations/0061-limit-history';

/**
 * The plane's own rows: its identity, its tenants, rate limits, due times, what has left it, rehearsals of an
 * outage, and probes that test whether the disk accepts writes.
 */
const PLANE_ENTITIES = [PlaneIdentity, Tenant, ThrottleRow, WriteProbe, DueTime, PlaneEgressCall, LinkCutRow];

/**
 * Entities whose rows belong to a tenant and move with it. A new feature adds its entity here, after the
 * entities that its rows refer to.
 */
export const TENANT_SCOPED_ENTITIES = [
  User,
  Session,
  UserToken,
  KnownDevice,
  UsedSignupToken,
  UserIdentity,
  IdentityProvider,
  TenantCounter,
  TenantKey,
  AuditEvent,
  SkippedStep,
  Incident,
  TimelineItem,
  ConfigurationItem,
  Relationship,
  AffectedItem,
  SlaTargets,
  DataSource,
  Alert,
  AlertGroup,
  Silence,
  Slo,
  SloBucket,
  SealedHeaders,
  Runbook,
  RunbookVersion,
  SealedCredentials,
  AutomationPolicy,
  Run,
  RunStep,
  StepOutput,
  SealedValues,
  Agent,
  AiRouteSetting,
  AiFeatureSetting,
  AiEndpoint,
  AiAnswer,
  UsageDay,
  IdempotencyRecord,
  OutgoingMail,
];

/**
 * Entities that the rows of other entities refer to. Such a row is never deleted on its own, and its unique
 * values never pass to another row: a user's email address never changes.
 */
export const REFERRED_ENTITIES = [User];

/**
 * Entities whose rows belong to a tenant but stay on this plane when it moves. They are neither backed up nor
 * exported, and are removed with the tenant's other rows.
 */
export const STAYING_ENTITIES = [Export, Import, EgressCall];

export const TENANT_PLANE_SCHEMA: PlaneSchema = {
  entities: [...PLANE_ENTITIES, ...TENANT_SCOPED_ENTITIES, ...STAYING_ENTITIES],
  tenantScoped: TENANT_SCOPED_ENTITIES,
  staying: STAYING_ENTITIES,
  referred: REFERRED_ENTITIES,
  migrations: [
    CreateIdentity1700000000001,
    CreateAccounts1700000000002,
    CreateIncidents1700000000003,
    CreateCmdb1700000000004,
    CreateIdempotencyKeys1700000000005,
    TrackChanges1700000000006,
    CreateAi1700000000007,
    KeepServiceSecrets1700000000008,
    ChainAudit1700000000009,
    QueueMails1700000000011,
    InviteUsers1700000000012,
    CreateSingleSignOn1700000000013,
    CountRevocations1700000000014,
    ProbeWrites1700000000017,
    NoteSingleSignOn1700000000019,
    IndexOldSessions1700000000020,
    CopyPrivateKey1700000000021,
    NoteFreezes1700000000022,
    OrderRuns1700000000023,
    TellSignupLinks1700000000024,
    KeepLinksOfCopies1700000000026,
    NoteSignedStates1700000000029,
    EndInvitations1700000000030,
    NoteAppliedContents1700000000031,
    EndAccessOfCopies1700000000032,
    NoteToldRevisions1700000000034,
    NoteDueTimes1700000000036,
    FollowIncidents1700000000037,
    RelateItems1700000000038,
    ReceiveAlerts1700000000039,
    KeepTenantSecrets1700000000040,
    CreateSlos1700000000041,
    CreateArchives1700000000042,
    CreateRunbooks1700000000043,
    RunRunbooks1700000000044,
    ExplainSkips1700000000045,
    OverlapAgentKeys1700000000046,
    KeepSecretsOfRunbooks1700000000047,
    KeepCredentialsOfSlos1700000000048,
    AnnounceMoves1700000000049,
    IndexOpenIncidents1700000000050,
    IndexRunsOfRunbooks1700000000051,
    KeepLeases1700000000052,
    MeterUsage1700000000053,
    KeepEgress1700000000054,
    NoteLatestVersion1700000000056,
    AllowAiFeatures1700000000057,
    KeepAiEndpoints1700000000058,
    NameIncarnations1700000000059,
    RehearseOutages1700000000060,
    LimitHistory1700000000061,
  ],
};
