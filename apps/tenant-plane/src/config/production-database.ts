import { profileOf } from '@atlas/deployment-profiles';
import { databaseTarget } from '@atlas/persistence';
import { EnvironmentError, type Secret } from '@atlas/platform';
import { type DeploymentModel } from '@atlas/tenancy';

interface Setting {
  readonly isProduction: boolean;
  readonly TENANT_PLANE_DATABASE_URL: Secret;
}

export const SQLITE_IN_PRODUCTION =
  'SQLite in production: one process, its data on one disk, backed up by you. Postgres is ' +
  'recommended (TENANT_PLANE_DATABASE_URL)';

/** Why a plane of this model does not run on its database in production, or null. */
export function productionDatabaseProblem(config: Setting, model: DeploymentModel): string | null {
  if (!config.isProduction) return null;
  const { allowedInProduction: allowed } = profileOf(model).databases;
  const { driver } = databaseTarget(config.TENANT_PLANE_DATABASE_URL);
  if (allowed.includes(driver)) return null;
  return (
    `must be a postgres:// URL: a ${model} tenant plane does not run on SQLite in production. One of ` +
    'model on_prem or hybrid may: its install bundle has the line ATLAS_TP_DEPLOYMENT'
  );
}

/** Where the model is not in the environment, it is known only once the plane's own record was read. */
export function requireProductionDatabase(config: Setting, model: DeploymentModel): void {
  const problem = productionDatabaseProblem(config, model);
  if (problem !== null) throw new EnvironmentError([`TENANT_PLANE_DATABASE_URL ${problem}`]);
}

/** SQLite where production recommends another database. */
export function isSmallForProduction(config: Setting): boolean {
  return config.isProduction && databaseTarget(config.TENANT_PLANE_DATABASE_URL).driver === 'sqlite';
}
