import { setTimeout as delay } from 'node:timers/promises';
import { type Scene } from './scene';

/** Keeps the load moderate, so that the calls do not wait for each other. */
const PAUSE_MS = 5;

export interface CoreCall {
  readonly what: string;
  readonly status: number;
  readonly ms: number;
}

/** Core calls of both planes for `forMs` milliseconds: on each plane, one after the other. */
export async function coreCalls({ stack, quiet }: Scene, forMs: number): Promise<CoreCall[]> {
  const { tenant, session } = quiet;
  const ofTenant = (path: string, body?: object) => () => stack.tenant(tenant.slug, path, { session, body });
  const ofOperator = (path: string) => () => stack.api(path);
  const [onTenantPlane, onControlPlane] = await Promise.all([
    inTurn(forMs, {
      'tenant plane: look up': ofTenant('/api/tenant-default'),
      'tenant plane: report': ofTenant('/api/incidents', { title: 'Works', severity: 'P4' }),
      'tenant plane: list': ofTenant('/api/incidents'),
      'tenant plane: add': ofTenant('/api/cmdb/items', { name: 'web-1', type: 'server' }),
    }),
    inTurn(forMs, {
      'control plane: list': ofOperator('/api/tenants'),
      'control plane: show': ofOperator(`/api/tenants/${tenant.id}`),
      'control plane: jobs': ofOperator('/api/provisioning-jobs'),
      'control plane: planes': ofOperator('/api/tenant-planes'),
    }),
  ]);
  return [...onTenantPlane, ...onControlPlane];
}

async function inTurn(
  forMs: number,
  calls: Readonly<Record<string, () => Promise<{ readonly status: number }>>>,
): Promise<CoreCall[]> {
  const done: CoreCall[] = [];
  const until = performance.now() + forMs;
  while (performance.now() < until)
    for (const [what, call] of Object.entries(calls)) {
      const startedAt = performance.now();
      const { status } = await call();
      done.push({ what, status, ms: performance.now() - startedAt });
      await delay(PAUSE_MS);
    }
  return done;
}
