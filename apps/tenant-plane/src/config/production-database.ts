import { type DeploymentModel, modelsWhere, profileOf } from '@atlas/deployment-profiles';
import { databaseTarget } from '@atlas/persistence';
import { EnvironmentError, type Secret } from '@atlas/platform';

interface Setting {
  readonly isProduction: boolean;
  readonly TENANT_PLANE_DATABASE_URL: Secret;
}

const ON_SQLITE = modelsWhere(({ databases }) => databases.allowedInProduction.includes('sqlite'));

export const SQLITE_IN_PRODUCTION =
  'SQLite in production means a single process, data on one disk, and backups that you must make ' +
  'yourself. Postgres is recommended (TENANT_PLANE_DATABASE_URL)';

/** Why a plane of this model may not use its database in production, or null if it may. */
export function productionDatabaseProblem(config: Setting, model: DeploymentModel): string | null {
  if (!config.isProduction) return null;
  const { allowedInProduction: allowed } = profileOf(model).databases;
  const { driver } = databaseTarget(config.TENANT_PLANE_DATABASE_URL);
  if (allowed.includes(driver)) return null;
  return (
    `must be a postgres:// URL, because a ${model} tenant plane cannot run on SQLite in production. If ` +
    `the plane is ${ON_SQLITE.join(' or ')}, set ATLAS_TP_DEPLOYMENT as in its install bundle`
  );
}

/**
 * Call it once the model is known. If the environment does not name the model, read the plane's record first.
 */
export function requireProductionDatabase(config: Setting, model: DeploymentModel): void {
  const problem = productionDatabaseProblem(config, model);
  if (problem !== null) throw new EnvironmentError([`TENANT_PLANE_DATABASE_URL ${problem}`]);
}

/** True for SQLite in production, where Postgres is recommended. */
export function isSmallForProduction(config: Setting): boolean {
  return config.isProduction && databaseTarget(config.TENANT_PLANE_DATABASE_URL).driver === 'sqlite';
}
