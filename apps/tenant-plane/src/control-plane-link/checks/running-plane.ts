import { type TenantPlaneConfig } from '../../tenant-plane.config';
import { type PlaneIdentity } from '../plane-identity.entity';

const TIMEOUT_MS = 1000;

/**
 * Whether the process that holds the database's lock is this plane, which serves: it renews its lease in that database, or,
 * offline, answers where this environment has it listen.
 */
export async function isRunning(
  { HOST, PORT }: TenantPlaneConfig,
  identity: PlaneIdentity | null,
): Promise<boolean> {
  if ((identity?.leaseExpiresAt?.getTime() ?? 0) > Date.now()) return true;
  const host = HOST === '0.0.0.0' ? '127.0.0.1' : HOST;
  const url = `http://${host.includes(':') ? `[${host}]` : host}:${PORT}/health/live`;
  const signal = AbortSignal.timeout(TIMEOUT_MS);
  return fetch(url, { signal, redirect: 'error' }).then(
    ({ ok }) => ok,
    () => false,
  );
}
