import { ProcessLock, databaseTarget, lockHolder } from '@atlas/persistence';
import { listenerOn } from '@atlas/platform';
import { type TenantPlaneConfig } from '../config/tenant-plane.config';
import { answersAt } from '../egress/own-machine';
import { needsEnrolment } from '../plane-identity/install-bundle';
import { type PlaneIdentity } from '../plane-identity/plane-identity.entity';

const TIMEOUT_MS = 1000;

/** This plane, if it was found to be running already. */
export interface RunningPlane {
  /** Null if unknown. */
  readonly pid: number | null;
  /** Null if the plane does not respond on this environment's host and port. */
  readonly port: number | null;
}

/**
 * The plane of this environment, if it is already running. On SQLite, the plane is running if a process has
 * locked the file and either the lease is held or the plane responds on this environment's host and port. On
 * Postgres, the plane is running if it responds there and the lease is held; an offline plane needs no lease.
 * A plane that is offline or has lost contact with the Control Plane may have no lease.
 */
export async function runningPlane(
  config: TenantPlaneConfig,
  identity: PlaneIdentity | null,
): Promise<RunningPlane | null> {
  if (isAnotherPlane(config, identity)) return null;
  const target = databaseTarget(config.TENANT_PLANE_DATABASE_URL);
  const hasLease = (identity?.leaseExpiresAt?.getTime() ?? 0) > Date.now();
  const port = (await isAnswering(config)) ? config.PORT : null;
  if (target.driver === 'sqlite') {
    const isServing = (hasLease || port !== null) && (await ProcessLock.isHeld(target.file));
    return isServing ? { pid: lockHolder(target.file) ?? null, port } : null;
  }
  // The lease alone proves nothing, because a replica on another machine may hold it.
  const isServing = port !== null && (hasLease || (config.isOffline && identity !== null));
  return isServing ? { pid: listenerOn(port) ?? null, port } : null;
}

/**
 * Whether the database belongs to a different plane. For example, the cell of a local stack uses the file
 * that is the default for every plane on the machine.
 */
function isAnotherPlane(config: TenantPlaneConfig, identity: PlaneIdentity | null): boolean {
  const { deploymentModel: named } = config;
  const enrolledIn = identity?.deploymentModel ?? named;
  return named !== undefined && enrolledIn !== named && needsEnrolment(config, identity);
}

function isAnswering({ HOST, PORT }: TenantPlaneConfig): Promise<boolean> {
  const host = localHost(HOST);
  const url = `http://${host.includes(':') ? `[${host}]` : host}:${PORT}/health/live`;
  const signal = AbortSignal.timeout(TIMEOUT_MS);
  return answersAt(url, signal);
}

/** The address at which this machine reaches a listener on `host`. */
export function localHost(host: string): string {
  if (host === '0.0.0.0') return '127.0.0.1';
  return host === '::' ? '::1' : host;
}
