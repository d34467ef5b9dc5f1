import { type HealthClass } from '@atlas/operator-api';
import { type Database } from '@atlas/persistence';
import { OFFLINE_AFTER_SECONDS, OFFLINE_CAPABILITY } from '@atlas/plane-contract';
import { TenantPlane, isAirGapped } from './tenant-plane.entity';

/** How long a fork is shown. */
export const FORK_SHOWN_MS = 10 * 60_000;

/**
 * `now` is the database's time, because a process whose clock is slow would consider a silent plane online.
 */
export function healthOf(plane: TenantPlane, now: Date): HealthClass {
  if (plane.status !== 'enrolled' || isAirGapped(plane)) return 'unknown';
  return now.getTime() - heardAt(plane).getTime() > OFFLINE_AFTER_SECONDS * 1000 ? 'offline' : 'online';
}

/** When the plane was last heard of. */
export function heardAt({ lastReportAt, enrolledAt, createdAt }: TenantPlane): Date {
  return lastReportAt ?? enrolledAt ?? createdAt;
}

/**
 * Whether two copies of the plane have reported recently. While both keep reporting, `forkedAt` is refreshed.
 */
export function isForked({ forkedAt }: Pick<TenantPlane, 'forkedAt'>, now: Date): boolean {
  return forkedAt !== null && now.getTime() - forkedAt.getTime() < FORK_SHOWN_MS;
}

const IS_AIR_GAPPED = `(plane.last_report_at is null
  and coalesce(cast(plane.capabilities as text), '') like '%"${OFFLINE_CAPABILITY}"%')`;
const IS_HEARD_OF = `(plane.status = 'enrolled' and not ${IS_AIR_GAPPED})`;
const HEARD_AT = 'coalesce(plane.last_report_at, plane.enrolled_at, plane.created_at)';

/** {@link healthOf} as SQL, for the row aliased `plane`. */
export function sqlOfHealth(database: Database): Readonly<Record<HealthClass, string>> {
  const before = database.fromNow(-OFFLINE_AFTER_SECONDS);
  return {
    online: `${IS_HEARD_OF} and ${HEARD_AT} >= ${before}`,
    offline: `${IS_HEARD_OF} and ${HEARD_AT} < ${before}`,
    unknown: `not ${IS_HEARD_OF}`,
  };
}

/** SQL: whether the plane aliased `plane` was heard of in the last `seconds`. */
export function sqlOfContact(database: Database, seconds: number): string {
  return `(${IS_HEARD_OF} and ${HEARD_AT} >= ${database.fromNow(-seconds)})`;
}

/** Counts the enrolled planes by their reported health. */
export async function countFleet(database: Database): Promise<Map<string, number>> {
  const { offline, unknown } = sqlOfHealth(database);
  const health =
    `case when ${offline} then 'offline' when ${unknown} then 'unknown' else ` +
    `coalesce(plane.healthStatus, 'unknown') end`;
  const rows = await database.read((manager) =>
    manager
      .createQueryBuilder(TenantPlane, 'plane')
      .select(health, 'health')
      .addSelect('count(*)', 'planes')
      .where("plane.status = 'enrolled'")
      .groupBy(health)
      .getRawMany<{ health: string; planes: string | number }>(),
  );
  return new Map(rows.map(({ health, planes }) => [health, Number(planes)]));
}
