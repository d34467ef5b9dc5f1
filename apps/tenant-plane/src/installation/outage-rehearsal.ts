import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { type OutageBehaviour, OUTAGE_CAPABILITIES, profileOf } from '@atlas/deployment-profiles';
import { writeBeside } from '@atlas/persistence';
import { type EntityManager } from 'typeorm';
import { type TenantPlaneConfig } from '../config/tenant-plane.config';
import { LinkCutRow } from '../plane-identity/link-cut.entity';
import { MAX_CUT_MINUTES } from '../plane-identity/link-cut';
import { databaseOptions } from '../schema/database-options';
import { type CoreCall, coreCalls, triedCall } from './core-calls';
import { type PlaneRecord, readPlaneRecord } from './plane-record';

/** How recent the last contact must be. Otherwise the outage is real, and there is nothing to rehearse. */
const RECENT_MS = 90_000;
const LOOK_MS = 2000;
/** How long to wait for the plane's return. It calls again within 10 s, and looks every 2 s. */
const RETURN_MS = 60_000;

/** The rehearsal cannot begin. The message says what to do. */
class RehearsalRefused extends Error {}

export interface Rehearsal {
  readonly id: string;
  readonly endsAt: Date;
}

/** What was observed of one capability. */
interface ObservedCapability {
  readonly key: string;
  readonly title: string;
  /** What the contract promises at the beginning of an outage. */
  readonly promised: OutageBehaviour;
  readonly calls: number;
  /** Calls that were not answered, or answered with an error of the server. */
  readonly failed: number;
  readonly slowest_ms: number | null;
  /** Null if nothing was tried. */
  readonly kept: boolean | null;
}

export interface RehearsalReport {
  readonly rehearsal_id: string;
  readonly minutes: number;
  readonly was_interrupted: boolean;
  /** Whether the plane made no contact while the link was cut. */
  readonly was_cut: boolean;
  readonly capabilities: readonly ObservedCapability[];
  /** The most entries that waited to be reported. */
  readonly entries_queued: number;
  /** From the end of the rehearsal until the first contact; null if there was none within a minute. */
  readonly return_seconds: number | null;
}

/** Cuts the link of the running plane, for all its replicas. Throws {@link RehearsalRefused}. */
export async function beginRehearsal(config: TenantPlaneConfig, minutes: number): Promise<Rehearsal> {
  requireBounds(minutes);
  if (config.isOffline) throw new RehearsalRefused('This plane runs offline, so there is no link to cut.');
  const { identity } = await readPlaneRecord(config);
  // Otherwise, the write would create an empty SQLite file.
  if (!identity) throw new RehearsalRefused('This plane was never started, so there is no link to cut.');
  return writeBeside(databaseOptions(config), async (manager, now) => {
    await requireContact(manager, now);
    const rehearsal = { id: randomUUID(), endsAt: new Date(now.getTime() + minutes * 60_000) };
    const { affected } = await manager
      .createQueryBuilder()
      .update(LinkCutRow)
      .set({ rehearsalId: rehearsal.id, begunAt: now, endsAt: rehearsal.endsAt })
      .where('id = 1 and (ends_at is null or ends_at <= :now)', { now })
      .execute();
    if (affected !== 1)
      throw new RehearsalRefused(
        'An outage is being rehearsed already. Wait until that rehearsal has ended.',
      );
    return rehearsal;
  });
}

/** Restores the link before the deadline. Changes nothing if the rehearsal has ended. */
export async function endRehearsal(config: TenantPlaneConfig, { id }: Rehearsal): Promise<Date> {
  return writeBeside(databaseOptions(config), async (manager, now) => {
    await manager
      .createQueryBuilder()
      .update(LinkCutRow)
      .set({ endsAt: now })
      .where('rehearsal_id = :id and ends_at > :now', { id, now })
      .execute();
    return (await manager.findOneByOrFail(LinkCutRow, { id: 1 })).endsAt ?? now;
  });
}

/** Rehearses an outage, and reports what happened. `ended` restores the link early. */
export async function rehearseOutage(
  config: TenantPlaneConfig,
  minutes: number,
  ended: AbortSignal,
): Promise<RehearsalReport> {
  const rehearsal = await beginRehearsal(config, minutes);
  const calls = coreCalls().map((call) => ({ ...call, tries: 0, failures: 0, slowestMs: 0 }));
  const contacts = new Set<number>();
  let queued = 0;
  const overAt = performance.now() + minutes * 60_000;
  const isOver = (): boolean => ended.aborted || performance.now() >= overAt;
  try {
    // Every replica notices the cut within two looks.
    await delay(2 * LOOK_MS + 500, undefined, { signal: ended }).catch(() => undefined);
    while (!isOver()) {
      const record = await readPlaneRecord(config);
      contacts.add(record.identity?.lastContactAt?.getTime() ?? 0);
      queued = Math.max(queued, unreported(record));
      for (const call of calls) await note(config, call);
      await delay(LOOK_MS, undefined, { signal: ended }).catch(() => undefined);
    }
  } finally {
    await endRehearsal(config, rehearsal);
  }
  const endedAt = await endRehearsal(config, rehearsal);
  return {
    rehearsal_id: rehearsal.id,
    minutes,
    was_interrupted: ended.aborted,
    was_cut: contacts.size <= 1,
    capabilities: await observed(config, calls),
    entries_queued: queued,
    return_seconds: await returnAfter(config, endedAt),
  };
}

interface Tried extends CoreCall {
  tries: number;
  failures: number;
  slowestMs: number;
}

async function note(config: TenantPlaneConfig, call: Tried): Promise<void> {
  const { isAnswered, tookMs } = await triedCall(config, call);
  call.tries += 1;
  if (!isAnswered) call.failures += 1;
  call.slowestMs = Math.max(call.slowestMs, tookMs);
}

async function observed(config: TenantPlaneConfig, calls: readonly Tried[]): Promise<ObservedCapability[]> {
  const { identity } = await readPlaneRecord(config);
  const model = config.deploymentModel ?? identity?.deploymentModel ?? 'shared';
  return profileOf(model).outageContract.map(({ capability, needs }) => {
    const call = calls.find((one) => one.capability === capability);
    return {
      key: capability,
      title: OUTAGE_CAPABILITIES[capability],
      promised: needs === 'link' ? 'refused' : 'works',
      calls: call?.tries ?? 0,
      failed: call?.failures ?? 0,
      slowest_ms: call ? Math.round(call.slowestMs) : null,
      kept: call === undefined || call.tries === 0 ? null : call.failures === 0,
    };
  });
}

async function returnAfter(config: TenantPlaneConfig, endedAt: Date): Promise<number | null> {
  const startedAt = performance.now();
  while (performance.now() - startedAt < RETURN_MS) {
    const { identity } = await readPlaneRecord(config);
    const contact = identity?.lastContactAt;
    if (contact && contact > endedAt) return Math.round((contact.getTime() - endedAt.getTime()) / 100) / 10;
    await delay(500);
  }
  return null;
}

function unreported({ tenants }: PlaneRecord): number {
  return tenants.filter(({ reportedRevision, entryRevision }) => reportedRevision < entryRevision).length;
}

function requireBounds(minutes: number): void {
  if (Number.isInteger(minutes) && minutes >= 1 && minutes <= MAX_CUT_MINUTES) return;
  throw new RehearsalRefused(`A rehearsal lasts from 1 to ${MAX_CUT_MINUTES} whole minutes.`);
}

async function requireContact(manager: EntityManager, now: Date): Promise<void> {
  const [row] = await manager.query<{ at: Date | string | null }[]>(
    'select last_contact_at as at from plane_identity where id = 1',
  );
  const at = typeof row?.at === 'string' ? new Date(`${row.at.replace(' ', 'T')}Z`) : row?.at;
  if (at && now.getTime() - at.getTime() < RECENT_MS) return;
  throw new RehearsalRefused(
    'This plane is not running, or has had no contact with the Control Plane for more than 90 s, so there ' +
      'is no link to cut. Check it: atlas-tp status',
  );
}
