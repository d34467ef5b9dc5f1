import { type Database, ProcessLock, TenantDatabase, migrateFirst, openDatabase } from '@atlas/persistence';
import { type Clock, SystemClock } from '@atlas/platform';
import { DesiredStateApplier } from '../control-plane-link/desired-state-applier';
import { PlaneIdentities } from '../control-plane-link/plane-identities';
import { ServiceSecrets } from '../control-plane-link/service-secrets';
import { databaseOptions } from '../database/database-options';
import { requireProductionDatabase } from '../database/production-database';
import { SingleTenantFile } from '../database/single-tenant-file';
import { Deployment } from '../deployment/deployment';
import { TenantDirectory } from '../tenancy/tenant-directory';
import { type TenantPlaneConfig } from '../tenant-plane.config';

/** A plane's database and identity, without the plane: for commands that end. */
export interface InstalledPlane {
  readonly config: TenantPlaneConfig;
  readonly clock: Clock;
  readonly identities: PlaneIdentities;
  readonly applier: DesiredStateApplier;
}

/** Migrates as a start does, and makes the identity that the first start will find. A SQLite file is locked meanwhile. */
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
    return await work(await planeOn(database, config));
  } finally {
    await database?.close();
    await lock?.release();
  }
}

async function planeOn(database: Database, config: TenantPlaneConfig): Promise<InstalledPlane> {
  const clock = new SystemClock();
  const identities = new PlaneIdentities(database, config, clock);
  await identities.onModuleInit();
  const deployment = new Deployment(config, identities);
  requireProductionDatabase(config, deployment.profile.model);
  const applier = new DesiredStateApplier(
    database,
    new TenantDatabase(database),
    new TenantDirectory(database, clock),
    identities,
    new ServiceSecrets(config, identities),
    new SingleTenantFile(database, deployment),
  );
  return { config, clock, identities, applier };
}
