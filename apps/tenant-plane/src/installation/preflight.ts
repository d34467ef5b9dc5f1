import { profileOf } from '@atlas/deployment-profiles';
import { EnvironmentError, SystemClock } from '@atlas/platform';
import { type NamedOutcome, type CheckOutcome } from '@atlas/tenant-api/deployment';
import { installationConfig } from '../config/installation-config';
import {
  SQLITE_IN_PRODUCTION,
  isSmallForProduction,
  productionDatabaseProblem,
} from '../config/production-database';
import { type TenantPlaneConfig } from '../config/tenant-plane.config';
import { bad, good } from '../control-plane-checks/check';
import { checkScene } from '../control-plane-checks/check-scene';
import { CHECKS } from '../control-plane-checks/checks';
import { runChecks } from '../control-plane-checks/run-checks';
import { type RunningPlane } from '../control-plane-checks/running-plane';
import { Egress } from '../egress/egress';
import { type PlaneIdentity } from '../plane-identity/plane-identity.entity';
import { TENANT_PLANE_SCHEMA } from '../schema/tenant-plane-schema';
import { readPlaneRecord } from './plane-record';

export interface PreflightReport {
  /** Whether every check that ran has passed. */
  readonly ok: boolean;
  /** This plane, if it is already running, in which case there is nothing to start. */
  readonly running: RunningPlane | null;
  readonly checks: readonly NamedOutcome[];
}

const FIX =
  'Correct these lines in the env file, but leave the lines of the install bundle exactly as they were ' +
  'pasted.';

/**
 * Checks everything that can be checked before a plane starts with this environment. Changes nothing, and
 * does not consume the token.
 */
export async function preflight(env: NodeJS.ProcessEnv): Promise<PreflightReport> {
  const config = read(env);
  if (Array.isArray(config)) return reportOf(config);
  const identity = await knownIdentity(config);
  const scene = checkScene(
    config,
    TENANT_PLANE_SCHEMA,
    new SystemClock(),
    identity,
    doorBefore(config, identity),
  );
  const environment = { name: 'environment', ...verdictOn(config, identity) };
  const checks = await runChecks(CHECKS, () => scene, config.isOffline);
  return reportOf([environment, ...checks], await scene.running());
}

/** Without a valid environment, nothing else can be checked. */
function read(env: NodeJS.ProcessEnv): TenantPlaneConfig | NamedOutcome[] {
  try {
    return installationConfig(env);
  } catch (error) {
    if (!(error instanceof EnvironmentError)) throw error;
    return [{ name: 'environment', ...bad(error.faults.join('; '), FIX) }];
  }
}

/** If the environment does not name the model, the plane's own record decides. */
function verdictOn(config: TenantPlaneConfig, identity: PlaneIdentity | null): CheckOutcome {
  const model = config.deploymentModel ?? identity?.deploymentModel ?? 'shared';
  const problem = productionDatabaseProblem(config, model);
  if (problem !== null) return bad(`TENANT_PLANE_DATABASE_URL ${problem}`, FIX);
  const warning = isSmallForProduction(config) ? `. ${SQLITE_IN_PRODUCTION}` : '';
  return good(`All variables are valid${warning}`);
}

/**
 * The door of a plane that has not started. It refuses what the running plane would refuse, but has no
 * ledger, because a preflight changes nothing.
 */
function doorBefore(
  { isOffline, deploymentModel }: TenantPlaneConfig,
  identity: PlaneIdentity | null,
): Egress {
  const profile = profileOf(deploymentModel ?? identity?.deploymentModel ?? 'shared');
  return new Egress({ profile, isOffline }, { note: () => undefined, write: () => Promise.resolve() });
}

/** Null if the database cannot be read. The database check then reports the problem. */
function knownIdentity(config: TenantPlaneConfig): Promise<PlaneIdentity | null> {
  return readPlaneRecord(config).then(
    ({ identity }) => identity,
    () => null,
  );
}

function reportOf(checks: readonly NamedOutcome[], running: RunningPlane | null = null): PreflightReport {
  return { ok: checks.every(({ ok, skipped }) => ok || skipped), running, checks };
}
