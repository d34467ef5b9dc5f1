import {
  type Database,
  InProcessSignals,
  ProcessLock,
  TenantDatabase,
  Throttle,
  migrateFirst,
  openDatabase,
} from '@atlas/persistence';
import { type Clock, Mailer, SystemClock } from '@atlas/platform';
import { Audit } from '../audit/audit';
import { AuditSealer } from '../audit/audit-sealer';
import { HttpLine } from '../automation/http-line';
import { RestoredRuns } from '../automation/restored-runs';
import { RunStore } from '../automation/run-store';
import { StepSecrets } from '../automation/step-secrets';
import { requireProductionDatabase } from '../config/production-database';
import { type TenantPlaneConfig } from '../config/tenant-plane.config';
import { ServiceSecrets } from '../control-plane-client/service-secrets';
import { DesiredStateApplier } from '../control-plane-link/desired-state-applier';
import { ReopenedAccess } from '../credentials/reopened-access';
import { Revocations } from '../credentials/revocations';
import { Sessions } from '../credentials/sessions';
import { UserTokens } from '../credentials/user-tokens';
import { Egress } from '../egress/egress';
import { EgressLedger } from '../egress/egress-ledger';
import { LeaseFiles } from '../leases/lease-files';
import { Deployment } from '../plane-identity/deployment';
import { PlaneIdentities } from '../plane-identity/plane-identities';
import { RunbookCredentials } from '../runbooks/runbook-credentials';
import { databaseOptions } from '../schema/database-options';
import { TENANT_PLANE_SCHEMA } from '../schema/tenant-plane-schema';
import { TrustedTime } from '../plane-identity/trusted-time';
import { Leases } from '../tenancy/leases';
import { OldCopies } from '../tenancy/old-copies';
import { SingleTenantFile } from '../tenancy/single-tenant-file';
import { TenantDirectory } from '../tenancy/tenant-directory';
import { TenantKeys } from '../tenant-secrets/tenant-keys';
import { TenantSecrets } from '../tenant-secrets/tenant-secrets';

/** A plane's database and identity without the running plane, for one-off commands. */
export interface InstalledPlane {
  readonly config: TenantPlaneConfig;
  readonly clock: Clock;
  readonly identities: PlaneIdentities;
  readonly applier: DesiredStateApplier;
  readonly egress: Egress;
  readonly directory: TenantDirectory;
  readonly leaseFiles: LeaseFiles;
}

/**
 * Migrates the database as a start would, and creates the identity that the first start will find. Keeps a
 * SQLite file locked while `work` runs.
 */
export async function withInstalledPlane<T>(
  config: TenantPlaneConfig,
  work: (plane: InstalledPlane) => Promise<T>,
): Promise<T> {
  const options = databaseOptions(config);
  const lock = options.target.driver === 'sqlite' ? await ProcessLock.take(options.target.file) : null;
  let database: Database | undefined;
  try {
    await migrateFirst(options);
    database = await openDatabase(options);
    const clock = new SystemClock();
    const ledger = new EgressLedger(database, new TenantDatabase(database), clock);
    const plane = await planeOn(database, config, clock, ledger);
    // Calls are recorded even if the work that made them fails.
    return await work(plane).finally(() => ledger.flush());
  } finally {
    await database?.close();
    await lock?.release();
  }
}

async function planeOn(
  database: Database,
  config: TenantPlaneConfig,
  clock: Clock,
  ledger: EgressLedger,
): Promise<InstalledPlane> {
  const identities = new PlaneIdentities(database, config, clock);
  await identities.onModuleInit();
  const deployment = new Deployment(config, identities);
  requireProductionDatabase(config, deployment.profile.model);
  const tenants = new TenantDatabase(database);
  const audit = new Audit(database, new AuditSealer(database, tenants), clock);
  const sessions = new Sessions(new Throttle(database, clock), clock);
  const revocations = new Revocations(sessions, new UserTokens(clock), audit, clock);
  const oldCopies = new OldCopies();
  const secrets = new TenantSecrets(new TenantKeys(database, tenants, identities, clock));
  const stepSecrets = new StepSecrets(secrets, new RunbookCredentials(secrets));
  const signals = new InProcessSignals(database);
  const runs = new RunStore(audit, stepSecrets, signals, new HttpLine(database), clock);
  new RestoredRuns(runs, clock, oldCopies);
  const directory = new TenantDirectory(database, clock);
  const leases = new Leases(identities, new TrustedTime(database, identities, clock));
  const leaseFiles = new LeaseFiles(tenants, leases, deployment, directory, audit);
  const applier = new DesiredStateApplier(
    database,
    TENANT_PLANE_SCHEMA,
    tenants,
    directory,
    identities,
    new ServiceSecrets(config, identities),
    new SingleTenantFile(database, deployment),
    new ReopenedAccess(revocations, audit, new Mailer(config.mail)),
    oldCopies,
    leases,
  );
  const egress = new Egress(deployment, ledger);
  return { config, clock, identities, applier, directory, leaseFiles, egress };
}
