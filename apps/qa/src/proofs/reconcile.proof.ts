import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { sendSignal } from '@atlas/platform/processes';
import { type TenantView, asAdmin, eventually, testServerUrl } from '@atlas/testing';
import { type DriftScene, type DriftView, type Injected } from '../drifts/drift-scene';
import { INJECTIONS, type Injection } from '../drifts/injections';
import { type Figure, all, measured, none } from '../figures';
import { type Proof, type ProofContext } from '../proof';
import { SeededRandom } from '../seeded-random';
import { TenantRows } from '../tenant-rows';

const WITHIN_MS = 60_000;
/** Drifts are injected one after the other, spread over more than one reconciliation interval. */
const SPREAD_MS = 60_000;
const QUIET_MS = 60_000;
const AT_ONCE = 8;

const SIZES = {
  small: { cells: 1, shared: 6, dedicated: 0, drifts: 5 },
  full: { cells: 2, shared: 190, dedicated: 10, drifts: 20 },
} as const;

/**
 * Drifts are created by hand. Each drift is found in time, and nothing else is reported.
 *
 * To see it fail: have `TenantSubjects.describe` say that no tenant is busy.
 */
export const proof: Proof = {
  goal:
    '20 drifts in 200 tenants: 20 found within 60 s, 0 false positives, even while tenants are ' +
    'provisioned',
  databases: ['sqlite', 'postgres'],
  // Covered at the reduced size by control-plane/test/fleet/reconcile.cases.ts.
  smallOn: [],
  async run(context) {
    const size = SIZES[context.size];
    const scene = await open(context);
    const random = new SeededRandom(23);
    const end = new AbortController();
    try {
      const tenants = await inhabit(context, scene);
      context.progress(`${tenants.length} tenants are active`);
      const provisioning = keepProvisioning(scene, context, end.signal);
      // This promise is awaited below. If it rejects before then, the process must not be terminated, because
      // its planes would keep running.
      provisioning.catch(() => undefined);
      await quiet(context, scene);
      const early = (await driftsOf(scene)).length;
      context.progress(`${early} drifts found during the quiet period`);
      const injected = await inject(context, scene, pick(random, scene, tenants, size.drifts));
      await lookOn(context, scene, injected);
      end.abort();
      const ordered = await provisioning;
      return figuresOf(await driftsOf(scene), injected, { early, tenants: tenants.length, ordered });
    } finally {
      end.abort();
      await close(scene);
    }
  },
};

async function open({ stack: start, driver, size, database }: ProofContext): Promise<DriftScene> {
  const folder = mkdtempSync(join(tmpdir(), 'atlas-drifts-'));
  const stack = await start({
    INFRASTRUCTURE_DRIVER: 'local',
    LOCAL_DRIVER_DIR: folder,
    TERRAFORM_WORK_DIR: join(folder, 'terraform'),
    ...(driver === 'postgres' && { LOCAL_DRIVER_POSTGRES_URL: testServerUrl() }),
    // At the reduced size, the proof triggers each reconciliation instead of waiting for it.
    ...(size === 'small' && { RECONCILE_INTERVAL_SECONDS: '0' }),
  });
  for (let cell = 0; cell < SIZES[size].cells; cell += 1) {
    const { id, install } = await stack.registerCell();
    await stack.startTenantPlane(install, await database());
    await stack.awaitEnrolled(id);
  }
  return { driver, stack, folder, rows: await TenantRows.open(stack.controlPlaneDatabase) };
}

async function inhabit({ size, progress }: ProofContext, scene: DriftScene): Promise<TenantView[]> {
  const { shared, dedicated } = SIZES[size];
  const slugs = [...Array(shared + dedicated).keys()].map((n) => `tenant-${n + 1}`);
  const tenants: TenantView[] = [];
  const work = async (): Promise<void> => {
    for (let slug = slugs.shift(); slug !== undefined; slug = slugs.shift()) {
      const body = slugs.length < dedicated ? { deployment_model: 'dedicated' } : {};
      tenants.push(await provisioned(scene, slug, body));
      if (tenants.length % 50 === 0) progress(`${tenants.length} tenants`);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return tenants;
}

async function provisioned({ stack }: DriftScene, slug: string, body: object): Promise<TenantView> {
  // If a drift is injected during the request, SQLite aborts the transaction, and the response is 503
  // database_busy.
  const answer = await eventually(async () => {
    const given = await stack.provision(slug, { body });
    return given.status !== 503 && given;
  });
  if (answer.status !== 202) throw new Error(JSON.stringify(answer.body));
  return stack.awaitActive(slug, 120_000);
}

/**
 * Keeps provisioning tenants. The rows of a new tenant briefly differ from reality, but must not be reported
 * as drift.
 */
async function keepProvisioning(
  scene: DriftScene,
  { size }: ProofContext,
  signal: AbortSignal,
): Promise<number> {
  let ordered = 0;
  // No one installs their planes, so their jobs keep waiting.
  for (const slug of ['awaited-1', 'awaited-2', 'awaited-3'])
    await scene.stack.provision(slug, { body: { deployment_model: 'on_prem' } });
  while (size === 'full' && !signal.aborted) {
    ordered += 1;
    const body = ordered % 25 === 1 ? { deployment_model: 'dedicated' } : {};
    await provisioned(scene, `meanwhile-${ordered}`, body);
    await delay(200, undefined, { signal }).catch(() => undefined);
  }
  return ordered;
}

async function quiet({ size }: ProofContext, scene: DriftScene): Promise<void> {
  if (size === 'full') await delay(QUIET_MS);
  else await look(scene);
}

/** Picks each kind once, then kinds at random. No tenant is picked twice. */
function pick(
  random: SeededRandom,
  { driver }: DriftScene,
  tenants: readonly TenantView[],
  count: number,
): [Injection, TenantView][] {
  const free = { shared: [] as TenantView[], dedicated: [] as TenantView[] };
  for (const tenant of tenants) free[tenant.has_db_url ? 'dedicated' : 'shared'].push(tenant);
  const possible = INJECTIONS.filter(({ on = driver, to }) => on === driver && free[to].length > 0);
  // A cell with a wrong count is one drift, even if its count is changed several times.
  const again = possible.filter(({ kind, to }) => to === 'shared' && kind !== 'count_differs');
  const due = [...possible];
  return Array.from({ length: count }, () => {
    const injection = due.splice(random.below(due.length), 1)[0] ?? random.one(again);
    const victims = free[injection.to];
    return [injection, victims.splice(random.below(victims.length), 1)[0] as TenantView];
  });
}

async function inject(
  { size, progress }: ProofContext,
  scene: DriftScene,
  picked: readonly [Injection, TenantView][],
): Promise<Injected[]> {
  const injected: Injected[] = [];
  for (const [{ kind, make }, tenant] of picked) {
    const at = Date.now();
    injected.push({ kind, subjectId: await make(scene, tenant), at });
    if (size === 'full') await delay(SPREAD_MS / picked.length);
  }
  progress(`${injected.length} drifts injected`);
  return injected;
}

/** Waits until the deadline for finding the last drift. At the reduced size, reconciles once instead. */
async function lookOn(
  { size }: ProofContext,
  scene: DriftScene,
  injected: readonly Injected[],
): Promise<void> {
  if (size === 'small') return look(scene);
  const last = Math.max(...injected.map(({ at }) => at));
  await delay(last + WITHIN_MS - Date.now());
}

async function look({ stack }: DriftScene): Promise<void> {
  const answer = await stack.api('/api/reconcile', { method: 'POST' });
  if (answer.status !== 200) throw new Error(JSON.stringify(answer.body));
}

async function driftsOf({ stack }: DriftScene): Promise<DriftView[]> {
  const { body } = await stack.api<{ items: DriftView[] }>('/api/drifts?limit=200');
  return body.items;
}

function figuresOf(
  drifts: readonly DriftView[],
  injected: readonly Injected[],
  { early, tenants, ordered }: { early: number; tenants: number; ordered: number },
): Figure[] {
  const isOf = (drift: DriftView, { kind, subjectId }: Injected): boolean =>
    drift.kind === kind && drift.subject.id === subjectId;
  const waits = injected.map((one) => {
    const drift = drifts.find((candidate) => isOf(candidate, one));
    return drift ? Date.parse(drift.first_seen_at) - one.at : Infinity;
  });
  const found = waits.filter((ms) => ms <= WITHIN_MS).length;
  const missed = injected.filter((_, index) => (waits[index] ?? Infinity) > WITHIN_MS);
  const others = drifts.filter((drift) => !injected.some((one) => isOf(drift, one)));
  const doubled = drifts.length - others.length - waits.filter(Number.isFinite).length;
  return [
    all(
      `drifts found within ${WITHIN_MS / 1000} s`,
      found,
      injected.length,
      missed.map(({ kind }) => `missed ${kind}`),
    ),
    none(
      'false drifts',
      others.map(({ kind, detail }) => `${kind}: ${detail}`),
    ),
    none('drifts found twice', doubled),
    none('drifts found before any was injected', early),
    measured('tenants', tenants),
    measured('tenants provisioned at the same time', ordered),
    measured('kinds of drift', new Set(injected.map(({ kind }) => kind)).size),
    measured('slowest detection', Math.max(...waits) / 1000, 's'),
    measured('drifts repaired', drifts.filter((drift) => drift.repaired).length),
  ];
}

async function close({ stack, rows, folder, driver }: DriftScene): Promise<void> {
  const named = await rows.query<{ name: string }>('select name from tenant_planes');
  await rows.close();
  // The Control Plane is stopped first, since it restarts planes that exit.
  await stack.controlPlane.end('SIGKILL');
  const file = join(folder, 'processes.json');
  const running = existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as { pid: number }[]) : [];
  for (const { pid } of running) sendSignal(pid, 'SIGKILL');
  if (driver === 'postgres') await dropAll(named.map(({ name }) => `atlas_${name.replaceAll('-', '_')}`));
  rmSync(folder, { recursive: true, force: true });
}

/** Drops everything that was created on the shared server, by the local driver or by hand. */
async function dropAll(names: readonly string[]): Promise<void> {
  await asAdmin(testServerUrl(), async (server) => {
    const { rows } = await server.query<{ name: string }>(
      `select datname as name from pg_database where datname = any($1) or datname ~ '^(lost_)?atlas_tenant_'`,
      [names],
    );
    for (const { name } of rows) await server.query(`drop database ${name} with (force)`);
    for (const name of names) await server.query(`drop role if exists ${name}`);
  });
}
