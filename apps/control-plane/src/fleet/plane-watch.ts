import { Database, insertIfAbsent } from '@atlas/persistence';
import { OFFLINE_AFTER_SECONDS } from '@atlas/plane-contract';
import { Clock } from '@atlas/platform';
import { Injectable, Logger, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { type SelectQueryBuilder } from 'typeorm';
import { planeOffline, planeOnline } from '../outbox/new-event';
import { Outbox } from '../outbox/outbox';
import { heardAt, healthOf, sqlOfHealth } from '../registry/health-class';
import { lockPlane } from '../registry/plane-lock';
import { TenantPlane } from '../registry/tenant-plane.entity';
import { PlaneOutage } from './plane-outage.entity';

const BATCH = 100;
const BEAT_MS = 5000;
/** After a longer pause between beats, this process has been away, such as on a suspended machine. */
const PAUSE_MS = 30_000;
const IS_OUT = 'exists (select 1 from plane_outages outage where outage.tenant_plane_id = plane.id)';

/**
 * Tells once when a plane goes offline, and once when it is back. Any number of processes may look: the row
 * of the outage, which is written and removed together with the events, says what has been told.
 */
@Injectable()
export class PlaneWatch implements OnModuleInit, OnApplicationShutdown {
  private readonly logger = new Logger(PlaneWatch.name);
  private timer: NodeJS.Timeout | undefined;
  /** Since when planes could report, and the last beat. */
  private listening: { readonly sinceMs: number; readonly lastMs: number } | undefined;

  constructor(
    private readonly database: Database,
    private readonly outbox: Outbox,
    private readonly clock: Clock,
  ) {}

  /** Looks may be late, because other chores come first. Beats tell whether this process was running. */
  onModuleInit(): void {
    this.timer = setInterval(() => this.beat(), BEAT_MS).unref();
  }

  onApplicationShutdown(): void {
    clearInterval(this.timer);
  }

  async look(): Promise<void> {
    const listensForMs = this.listensForMs();
    const { offline } = sqlOfHealth(this.database);
    const [out, back] = await Promise.all([
      this.planes((query) => query.where(`${offline} and not ${IS_OUT}`)),
      this.planes((query) => query.where(`not (${offline}) and ${IS_OUT}`)),
    ]).catch((error: unknown) => {
      // No report could be stored either.
      this.listening = undefined;
      throw error;
    });
    // While the Control Plane was away, no plane could report. Each gets the usual time to do so.
    const mayBeOut = listensForMs >= OFFLINE_AFTER_SECONDS * 1000 ? out : [];
    for (const id of mayBeOut) await this.try(this.tellOffline(id));
    for (const id of back) await this.try(this.endOutage(id));
  }

  /** For how long planes could report. */
  listensForMs(): number {
    return this.beat();
  }

  private beat(): number {
    const lastMs = this.clock.now().getTime();
    const { listening } = this;
    const isPaused = !listening || Math.abs(lastMs - listening.lastMs) > PAUSE_MS;
    this.listening = { sinceMs: isPaused ? lastMs : listening.sinceMs, lastMs };
    return lastMs - this.listening.sinceMs;
  }

  /** One plane's failure must not delay the news about others. The next look tries it again. */
  private try(telling: Promise<void>): Promise<void> {
    return telling.catch((error: unknown) => this.logger.warn(error));
  }

  /** A few planes at a time; the next look finds the others. */
  private async planes(
    where: (query: SelectQueryBuilder<TenantPlane>) => SelectQueryBuilder<TenantPlane>,
  ): Promise<string[]> {
    const rows = await this.database.read((manager) =>
      where(manager.createQueryBuilder(TenantPlane, 'plane'))
        .select('plane.id', 'id')
        .orderBy('plane.id')
        .limit(BATCH)
        .getRawMany<{ id: string }>(),
    );
    return rows.map(({ id }) => id);
  }

  private tellOffline(id: string): Promise<void> {
    return this.database.write(async (manager) => {
      const plane = await lockPlane(manager, id);
      if (healthOf(plane, await this.database.now()) !== 'offline') return;
      const since = heardAt(plane);
      if (await insertIfAbsent(manager, PlaneOutage, { tenantPlaneId: id, since }))
        await this.outbox.add(manager, planeOffline(plane, since));
    });
  }

  /** A plane that was retired or that enrols anew ends its outage without an event. */
  private endOutage(id: string): Promise<void> {
    return this.database.write(async (manager) => {
      const plane = await lockPlane(manager, id);
      const outage = await manager.findOneBy(PlaneOutage, { tenantPlaneId: id });
      const health = healthOf(plane, await this.database.now());
      if (!outage || health === 'offline') return;
      await manager.delete(PlaneOutage, { tenantPlaneId: id });
      if (health === 'online') await this.outbox.add(manager, planeOnline(plane, outage.since));
    });
  }
}
