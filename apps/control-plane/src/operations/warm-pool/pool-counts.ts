import { isBehind } from '../../config/version-policy';
import { type ProvisioningJob } from '../../provisioning-jobs/provisioning-job.entity';
import { healthOf, heardAt } from '../../registry/health-class';
import { type TenantPlane } from '../../registry/tenant-plane.entity';

/** A plane that is silent for this long is replaced. It may just be restarting. */
export const SILENT_MS = 10 * 60_000;
/**
 * While processes of two versions run, the older one must not remove what the newer one prepares. A version
 * that was taken back is replaced after this time.
 */
const NEWER_MS = 30 * 60_000;

/** How many planes are prepared at once, so that tenants whose planes are created never wait for the pool. */
const PREPARED_AT_ONCE = 4;

const FIRST_PAUSE_MS = 30_000;
const MAX_PAUSE_MS = 3_600_000;

/** What a plane in the pool must be. */
interface Wanted {
  readonly size: number;
  readonly version: string;
  readonly region: string | null;
  readonly database: string;
}

export interface PooledPlane {
  readonly plane: TenantPlane;
  readonly live: ProvisioningJob | undefined;
  /** The newest job of the pool, if it has failed or was stopped. A person decides how it goes on. */
  readonly stopped: ProvisioningJob | undefined;
}

/** The pool at one moment. */
export interface PoolCounts {
  readonly wanted: Wanted;
  /** On the database's clock. */
  readonly now: Date;
  /** Whether planes could report for longer than {@link SILENT_MS}. */
  readonly hasListened: boolean;
  readonly planes: readonly PooledPlane[];
  /** The ended jobs that prepared planes of this version, newest first. */
  readonly ended: readonly ProvisioningJob[];
}

/** Why the plane is of no use to a new tenant, or null. */
function unfitness({ plane }: PooledPlane, { wanted, now, hasListened }: PoolCounts): string | null {
  const { release, region, databaseDriver, createdAt } = plane;
  const isNew = now.getTime() - createdAt.getTime() < NEWER_MS;
  if (release === null || plane.status !== 'enrolled') return 'it is not enrolled';
  if (isBehind(release, wanted.version)) return `it runs ${release}`;
  if (release !== wanted.version && !isNew) return `it runs ${release}`;
  if (region !== wanted.region) return 'it is in another region';
  if (databaseDriver !== wanted.database) return `its database is ${databaseDriver}`;
  const silentMs = now.getTime() - heardAt(plane).getTime();
  if (hasListened && healthOf(plane, now) === 'offline' && silentMs > SILENT_MS) return 'it is silent';
  return null;
}

/** Planes that tenants can take, as far as the pool knows. */
export function readyOf(counts: PoolCounts): readonly PooledPlane[] {
  return counts.planes.filter((one) => isIdle(one) && one.plane.acceptsTenants && !unfitness(one, counts));
}

/** The planes to remove: those of no use and, beyond the wanted size, the newest. */
export function toRemove(counts: PoolCounts): readonly (readonly [PooledPlane, string])[] {
  const idle = counts.planes.filter(isIdle);
  const unfit = idle.flatMap((one) => {
    const reason = unfitness(one, counts);
    return reason === null ? [] : [[one, reason] as const];
  });
  const fit = idle.filter((one) => !unfit.some(([other]) => other === one));
  const staying = counts.planes.filter((one) => !isIdle(one) && !isLeaving(one)).length;
  const kept = Math.max(0, counts.wanted.size - staying);
  return [...unfit, ...fit.slice(kept).map((one) => [one, 'the pool is full'] as const)];
}

/**
 * How many planes to begin now. What has stopped halfway counts, so however often it fails, there is never
 * more than the wanted number.
 */
export function toBegin(counts: PoolCounts): number {
  const leaving = toRemove(counts).map(([one]) => one);
  const members = counts.planes.filter((one) => !isLeaving(one) && !leaving.includes(one));
  const missing = counts.wanted.size - members.length;
  const preparing = members.filter(({ live }) => live?.operation === 'warm').length;
  const begun = Math.min(missing, PREPARED_AT_ONCE - preparing);
  const next = nextAttemptAt(counts);
  if (next === null) return Math.max(0, begun);
  // After a failure, one plane shows whether the cause is gone.
  return next <= counts.now && preparing === 0 ? Math.max(0, Math.min(begun, 1)) : 0;
}

/** When the pool tries again after failures, each time later. Null if the last attempt has succeeded. */
export function nextAttemptAt({ ended }: PoolCounts): Date | null {
  const succeeded = ended.findIndex(({ status }) => status === 'succeeded');
  const failures = succeeded < 0 ? ended.length : succeeded;
  const [last] = ended;
  if (failures === 0 || !last?.finishedAt) return null;
  const pause = Math.min(MAX_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (failures - 1));
  return new Date(last.finishedAt.getTime() + pause);
}

function isIdle({ live, stopped }: PooledPlane): boolean {
  return !live && !stopped;
}

function isLeaving({ live }: PooledPlane): boolean {
  return live?.operation === 'cool';
}
