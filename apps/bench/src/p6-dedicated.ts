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
  const activate = await provisioning(bench);
  for (const side of [byHand, activate]) await side();
  const rounds = await interleave(bench.size(9, 3), { byHand, active: activate });
  bench.fact('clone and start by hand', describe(rounds.byHand));
  bench.fact('created_at to active_at', describe(rounds.active));
  return [atMost('ratio', medianRatio(rounds.active, rounds.byHand), 1.5)];
}

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
 * it along with its plane.
 */
async function provisioning(bench: Bench): Promise<() => Promise<number>> {
  const database = await bench.createDatabase();
  const adminUrl = await bench.postgresUrl();
  const dedicated = await DedicatedStack.on(database, () => adminUrl);
  bench.defer(() => dedicated.stop());
  const watcher = await ActivationWatcher.open(database.url);
  bench.defer(() => watcher.close());
  let count = 0;
  return async () => {
    const tenant = await dedicated.provision(`bench-${++count}`);
    const { createdAt, activeAt } = await watcher.active(tenant.id);
    await remove(dedicated.stack, tenant);
    return activeAt.getTime() - createdAt.getTime();
  };
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
