import { join } from 'node:path';
import { type ControlPlaneClient } from '../control-plane/control-plane-client';
import { isReady } from '../control-plane/http-call';
import { type Install, type TenantPlaneView } from '../control-plane/views';
import { type PlaneDatabases } from './plane-databases';
import { planeEnvironment } from './plane-environment';
import { type StackContext } from './stack-context';
import { until } from './until';

const APP = join(__dirname, '../../tenant-plane');
const READY_SECONDS = 60;
const CELL = { name: 'local', region: 'local', capacity: 1000 };

/** Starts the shared Tenant Plane and enrols it through the real protocol. Resolves to the plane's id. */
export async function startTenantPlane(
  context: StackContext,
  controlPlane: ControlPlaneClient,
  databases: PlaneDatabases,
): Promise<string> {
  const { data, processes, controlPlaneUrl, tenantPlaneUrl: url, baseDomain } = context;
  const { id, env } = await ensureRegistered(context, controlPlane, databases);
  const logFile = data.logFile('tenant-plane');
  const decided = {
    ...env,
    ...databases.tenantPlane,
    PORT: new URL(url).port,
    // The ports may have changed since the install bundle was issued.
    CONTROL_PLANE_BASE_URL: controlPlaneUrl,
    TENANT_PLANE_PUBLIC_URL: url,
    TENANT_BASE_DOMAIN: baseDomain,
  };
  const shell = planeEnvironment(process.env, decided);
  await processes.start({ name: 'tenant-plane', script: join(APP, 'main.js'), env: shell, logFile });
  const { signal } = processes;
  const patience = { signal, seconds: READY_SECONDS };
  const name = `The Tenant Plane (log: ${logFile})`;
  await until(() => isReady(url, signal), {
    ...patience,
    complaint: `${name} was not ready`,
  });
  await until(async () => ((await findCell(controlPlane))?.status === 'enrolled' ? true : undefined), {
    ...patience,
    complaint: `${name} did not enrol`,
  });
  return id;
}

/**
 * The cell and the environment from its install bundle. Issues a new bundle if the saved bundle can no longer
 * be used to enrol.
 */
async function ensureRegistered(
  { state }: StackContext,
  controlPlane: ControlPlaneClient,
  { isTenantPlaneNew }: PlaneDatabases,
): Promise<{ id: string; env: Readonly<Record<string, string>> }> {
  const known = state.record.tenantPlane;
  const cell = await findCell(controlPlane);
  if (cell && known?.id === cell.id && cell.status === 'enrolled' && !isTenantPlaneNew) return known;
  const { id, install } = cell ? await issueAgain(controlPlane, cell.id) : await register(controlPlane);
  const tenantPlane = { id, env: install.env };
  state.save({ tenantPlane });
  return tenantPlane;
}

async function register(controlPlane: ControlPlaneClient): Promise<{ id: string; install: Install }> {
  const { tenant_plane: plane, install } = await controlPlane.call('POST /api/tenant-planes', { body: CELL });
  return { id: plane.id, install };
}

async function issueAgain(
  controlPlane: ControlPlaneClient,
  id: string,
): Promise<{ id: string; install: Install }> {
  const { install } = await controlPlane.call('POST /api/tenant-planes/:id/provisioning-tokens', {
    path: { id },
  });
  return { id, install };
}

async function findCell(controlPlane: ControlPlaneClient): Promise<TenantPlaneView | undefined> {
  const { items } = await controlPlane.call('GET /api/tenant-planes');
  return items.find(({ name }) => name === CELL.name);
}
