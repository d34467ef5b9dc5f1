import {
  DedicatedStack,
  type TenantView,
  type TestStack,
  builtFile,
  createPostgres,
  eventually,
} from '@atlas/testing';
import { ActivationWatcher } from './activate/activation-watcher';
import { type Bench } from './bench';
import { type Line } from './line';
import { interleave } from './load/interleave';
import { median, medianRatio } from './load/statistics';
import { StartedProcess } from './start/started-process';
import { atMost, type Goal } from './goal';

export const P6_DEDICATED: Line = {
  name: 'P6',
  title:
    'dedicated tenant on Postgres, request to active: multiple of cloning the schema and starting a plane',
  measure: measureDedicated,
};

async function measureDedicated(bench: Bench): Promise<readonly Goal[]> {
  const byHand = await cloneAndStart(bench);
  const active = await provisioning(bench);
  const pooled = await provisioning(bench, POOL);
  for (const side of [byHand, active, pooled]) await side();
  const rounds = await interleave(bench.size(9, 3), { byHand, active, pooled });
  bench.fact('clone and start by hand', describe(rounds.byHand));
  bench.fact('created_at to active_at', describe(rounds.active));
  bench.fact('created_at to active_at, from the warm pool', describe(rounds.pooled));
  return [
    atMost('ratio', medianRatio(rounds.active, rounds.byHand), 1.5),
    atMost('from the warm pool', medianRatio(rounds.pooled, rounds.byHand), 0.2),
  ];
}

/** One plane is ready whenever a tenant is requested. */
const POOL = { DEDICATED_POOL_SIZE: '1' };

/**
 * Returns a function that clones a migrated database, starts a plane on it, and measures the time until the
 * plane is ready.
 */
async function cloneAndStart(bench: Bench): Promise<() => Promise<number>> {
  const adminUrl = await bench.postgresUrl();
  const template = await bench.createDatabase();
  const main = builtFile('tenant-plane', 'main.js');
  const env = { ATLAS_OFFLINE_MODE: '1', ATLAS_TP_DEPLOYMENT: 'dedicated' };
  const start = async (url = ''): Promise<StartedProcess> => {
    const started = await StartedProcess.start(main, { ...env, TENANT_PLANE_DATABASE_URL: url });
    bench.defer(() => started.end());
    return started;
  };
  await (await start(template.ownerUrl)).end();
  const templateName = new URL(template.url).pathname.slice(1);
  return async () => {
    const startedAt = performance.now();
    // The local driver uses the same strategy.
    const clone = await createPostgres(adminUrl, { template: templateName, strategy: 'wal_log' });
    const started = await start(clone.ownerUrl);
    const ms = performance.now() - startedAt;
    await started.end();
    await clone.drop();
    return ms;
  };
}

/**
 * Returns a function that provisions a tenant, measures the time until the tenant is active, and then removes
 * it along with its plane. With a pool, it then waits until the pool is full again.
 */
async function provisioning(bench: Bench, env: Readonly<Record<string, string>> = {}) {
  const database = await bench.createDatabase();
  const adminUrl = await bench.postgresUrl();
  const dedicated = await DedicatedStack.on(database, () => adminUrl, env);
  bench.defer(() => dedicated.stop());
  const isFull = async (): Promise<boolean> => {
    const path = '/api/tenant-planes?deployment_model=dedicated&status=enrolled';
    const { items } = (await dedicated.stack.api<{ items: PlaneInPool[] }>(path)).body;
    return items.some(({ pool, accepts_tenants: isReady }) => pool === 'pooled' && isReady);
  };
  const filled = async (): Promise<unknown> =>
    env === POOL && eventually(isFull, { timeoutMs: 60_000, everyMs: 100, what: 'the pool is full' });
  await filled();
  const watcher = await ActivationWatcher.open(database.url);
  bench.defer(() => watcher.close());
  let count = 0;
  return async () => {
    const tenant = await dedicated.provision(`bench-${++count}`);
    const { createdAt, activeAt } = await watcher.active(tenant.id);
    await remove(dedicated.stack, tenant);
    await filled();
    return activeAt.getTime() - createdAt.getTime();
  };
}

interface PlaneInPool {
  readonly pool: string | null;
  readonly accepts_tenants: boolean;
}

async function remove(stack: TestStack, { id, slug }: TenantView): Promise<void> {
  const body = { confirm_slug: slug };
  const accepted = await stack.api<{ job: { id: string } }>(`/api/tenants/${id}/deprovision`, { body });
  const isOver = async (): Promise<boolean> => {
    const job = await stack.api<{ status: string }>(`/api/provisioning-jobs/${accepted.body.job.id}`);
    return job.body.status === 'succeeded';
  };
  await eventually(isOver, { timeoutMs: 60_000, everyMs: 100, what: `${slug} is removed` });
}

function describe(rounds: readonly number[]): string {
  return `p50 ${median(rounds).toFixed(0)} ms (${rounds.map((ms) => ms.toFixed(0)).join(' | ')})`;
}
