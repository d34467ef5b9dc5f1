import { type OutageCapability } from '@atlas/deployment-profiles';
import { type TenantPlaneConfig } from '../config/tenant-plane.config';
import { localHost } from '../control-plane-checks/running-plane';
import { statusAt } from '../egress/own-machine';

const TIMEOUT_MS = 5000;

/** A call to the plane on this machine that shows whether a capability works. */
export interface CoreCall {
  readonly capability: OutageCapability;
  readonly path: string;
}

/**
 * Without a session, the plane answers 401 once its guard has looked up what it needs in its database. So any
 * answer but an error of the server shows that the capability is served.
 */
export function coreCalls(): readonly CoreCall[] {
  return [
    { capability: 'sign_in', path: '/api/auth/me' },
    { capability: 'incidents', path: '/api/incidents' },
    { capability: 'alert_ingest', path: '/api/alerts' },
    { capability: 'cmdb', path: '/api/cmdb/items' },
    { capability: 'exports', path: '/api/exports' },
    { capability: 'slos', path: '/api/slos' },
    { capability: 'runbooks', path: '/api/runbooks' },
    { capability: 'tenant_address', path: '/health/ready' },
    { capability: 'entitlements', path: '/api/entitlements' },
  ];
}

export async function triedCall(
  { HOST, PORT }: TenantPlaneConfig,
  { path }: CoreCall,
): Promise<{ readonly isAnswered: boolean; readonly tookMs: number }> {
  const host = localHost(HOST);
  const origin = `http://${host.includes(':') ? `[${host}]` : host}:${PORT}`;
  const startedAt = performance.now();
  const status = await statusAt(`${origin}${path}`, AbortSignal.timeout(TIMEOUT_MS));
  return { isAnswered: status !== null && status < 500, tookMs: performance.now() - startedAt };
}
