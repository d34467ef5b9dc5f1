import { setTimeout as delay } from 'node:timers/promises';
import { MEMORY_REPORT, type TestStack } from '@atlas/testing';
import { type Figure, atMost, measured, none } from '../figures';
import { type Proof, type ProofContext } from '../proof';
import { LifecycleChanges } from '../soaking/lifecycle-changes';
import { type PlaneTrend, PlaneWatch } from '../soaking/plane-watch';

const MINUTE_MS = 60_000;
const SIZES = {
  small: { tenants: 40, warmUpMs: 2000, soakMs: 10_000, sampleMs: 1000 },
  full: { tenants: 200, warmUpMs: 5 * MINUTE_MS, soakMs: 10 * MINUTE_MS, sampleMs: 10_000 },
} as const;
const MAX_MEBIBYTES_A_MINUTE = 1;
/** The setting from docker/. Without it, each thread that runs SQLite would have its own glibc arena. */
const AS_IN_ITS_IMAGE = { MALLOC_ARENA_MAX: '2' };
/** The number of handles that may belong to calls that happen to be in flight when a sample is taken. */
const HANDLES_BY_CHANCE = 3;
/** The limits on Postgres: each plane's pool (10) and listener, plus the Control Plane's queue (10). */
const MAX_CONNECTIONS: Readonly<Record<string, number>> = { 'control-plane': 21, 'tenant-plane': 11 };

/**
 * Neither plane's use of resources grows under constant changes.
 *
 * Twice a second, a tenant is suspended, resumed, removed or created. Every ten seconds, both planes report
 * what they use after a garbage collection: resident memory, open handles, and their connections as counted
 * by Postgres. Growth is the median slope over all pairs of samples (Theil–Sen estimator), so memory that is
 * allocated once counts little, and memory that keeps growing, evenly or in steps, counts in full. The planes
 * run as in their images, with `MALLOC_ARENA_MAX=2`. Running on both kinds of database takes half an hour in
 * total.
 *
 * To see it fail: in `Database.close`, leave out `this.current.disable`.
 */
export const proof: Proof = {
  goal:
    '10 min, 200 tenants, 2 lifecycle changes/s: both planes grow by <= 1 MiB/min, handles flat, ' +
    'connections within their limit',
  databases: ['sqlite', 'postgres'],
  // Ten seconds would say nothing about growth.
  smallOn: [],
  async run(context) {
    const size = SIZES[context.size];
    const { stack, changes, watches } = await begin(context);
    await changes.populate(size.tenants);
    const changing = changes.keepChanging(size.warmUpMs + size.soakMs);
    await delay(size.warmUpMs);
    const endsAt = performance.now() + size.soakMs;
    while (performance.now() < endsAt) {
      await Promise.all([delay(size.sampleMs), ...watches.map((watch) => watch.sample())]);
      context.progress(watches.map((watch) => describe(watch.trend())).join('; '));
    }
    await changing;
    const unsettled = await changes.unsettled();
    if (changes.failures.length + unsettled > 0) for (const line of errorsOf(stack)) context.progress(line);
    return [
      measured('changes', changes.count),
      none('failed changes', changes.failures),
      none('changes that were never completed', unsettled),
      ...watches.flatMap((watch) => figuresOf(watch.trend())),
      measured('tenants', size.tenants),
    ];
  },
};

async function begin({ stack: start, database }: ProofContext) {
  const env = { ...AS_IN_ITS_IMAGE, NODE_OPTIONS: `--require "${MEMORY_REPORT}"` };
  const stack = await start(env);
  const { id, install } = await stack.registerCell();
  const planeDatabase = await database();
  const plane = await stack.startTenantPlane(install, planeDatabase, env);
  await stack.awaitEnrolled(id);
  const watches = [
    new PlaneWatch(stack.controlPlane, stack.controlPlaneDatabase),
    new PlaneWatch(plane, planeDatabase),
  ];
  return { stack, changes: new LifecycleChanges(stack), watches };
}

/** The last errors in the log. */
function errorsOf({ controlPlane }: TestStack): string[] {
  const lines = controlPlane.output().split('\n');
  return lines.filter((line) => line.includes('"level":"error"')).slice(-3);
}

function figuresOf({ name, mebibytesAMinute, handlesGrownBy, mostConnections }: PlaneTrend): Figure[] {
  return [
    atMost(`${name}: growth`, mebibytesAMinute, MAX_MEBIBYTES_A_MINUTE, 'MiB/min'),
    atMost(`${name}: growth in open handles`, handlesGrownBy, HANDLES_BY_CHANCE),
    atMost(`${name}: peak connections`, mostConnections, MAX_CONNECTIONS[name] ?? 0),
  ];
}

function describe({
  name,
  mebibytes,
  mebibytesAMinute,
  handlesGrownBy,
  mostConnections,
}: PlaneTrend): string {
  const { resident, used } = mebibytes;
  return (
    `${name} ${mebibytesAMinute.toFixed(2)} MiB/min (${resident.toFixed(1)}, ${used.toFixed(1)} of it ` +
    `used), ${handlesGrownBy} more handles, ${mostConnections} connections at most`
  );
}
