import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { parseSealingKeys } from '@atlas/persistence';
import { HEARTBEAT_SECONDS } from '@atlas/plane-contract';
import { type TestStack, asAdmin, eventually } from '@atlas/testing';
import { type Bench } from '../bench';
import { inDatabase, nameOf } from '../database-url';
import { startControlPlane } from '../planes/control-plane';
import { SimulatedPlane } from '../signed/simulated-plane';
import { type PlacedPlane, placedPlanes } from '../waiting/placed-planes';
import { untilSealed } from '../waiting/until-sealed';
import { copyPlanes } from './copied-planes';
import { FleetLink } from './fleet-link';

const PATIENCE_MS = 600_000;

/** A Control Plane, and many planes with one tenant each. All planes are simulated in this process. */
export class Fleet {
  /** Calls that got any response other than the expected ones, and calls that got no response in time. */
  readonly refused: string[] = [];
  readonly unanswered: string[] = [];
  private readonly links: FleetLink[];

  private constructor(
    readonly stack: TestStack,
    readonly databaseUrl: string,
    planes: readonly SimulatedPlane[],
  ) {
    const { url } = stack.controlPlane;
    this.links = planes.map((plane) => new FleetLink(plane, url, this));
  }

  /** Prepares `count` planes, which do not call yet. All but one are copies. */
  static async start(bench: Bench, count: number): Promise<Fleet> {
    const sealing = `k1:${randomBytes(32).toString('base64')}`;
    const database = await bench.createDatabase();
    const settings = { CONTROL_PLANE_SEALING_KEYS: sealing };
    const stack = await startControlPlane(bench, database, ['memory-report'], settings);
    const [placed] = (await placedPlanes(stack, database.url, 1)) as [PlacedPlane];
    const original = await activated(stack, placed);
    await untilSealed(database.url);
    const adminUrl = inDatabase(await bench.postgresUrl(), nameOf(database.url));
    const copied = await asAdmin(adminUrl, (admin) =>
      copyPlanes(
        admin,
        { tenantPlaneId: original.id, tenantId: placed.tenantId },
        { copies: count - 1, sealingKeys: parseSealingKeys(sealing) },
      ),
    );
    const { url } = stack.controlPlane;
    const copies = copied.map(({ id, secret }) => new SimulatedPlane(id, url, secret, original.revision));
    const fleet = new Fleet(stack, database.url, [original, ...copies]);
    bench.defer(() => fleet.links.forEach((link) => link.stop()));
    return fleet;
  }

  /** Connects the planes one after the other, evenly over the time between two of their calls. */
  async connect(): Promise<void> {
    const startedAt = performance.now();
    const everyMs = (HEARTBEAT_SECONDS * 1000) / this.links.length;
    for (const [n, link] of this.links.entries()) {
      void link.keepUp();
      const earlyMs = startedAt + (n + 1) * everyMs - performance.now();
      if (earlyMs > 1) await delay(earlyMs);
    }
    await this.since(startedAt, 'answeredAt');
  }

  /** Returns how many ms after `at` the last plane has reported the change as applied. */
  untilApplied(at: number): Promise<number> {
    return this.since(at, 'appliedAt');
  }

  /** Cuts all links at once. Returns the time in ms until every plane has a response again. */
  reconnect(): Promise<number> {
    const cutAt = performance.now();
    for (const link of this.links) link.cut();
    return this.since(cutAt, 'answeredAt');
  }

  private async since(at: number, what: 'answeredAt' | 'appliedAt'): Promise<number> {
    const missing = (): number => this.links.filter((link) => link[what] <= at).length;
    await eventually(() => missing() === 0, {
      timeoutMs: PATIENCE_MS,
      everyMs: 100,
      what: 'all planes have been answered',
      found: () => `${missing()} of ${this.links.length} have not. First refusal: ${this.refused[0]}`,
    });
    return Math.max(...this.links.map((link) => link[what])) - at;
  }
}

/** Makes the tenant active by applying it. Returns the plane at its new revision. */
async function activated(stack: TestStack, { plane, tenantId }: PlacedPlane): Promise<SimulatedPlane> {
  const link = new FleetLink(plane, stack.controlPlane.url, { refused: [], unanswered: [] });
  void link.keepUp();
  await stack.awaitActive(tenantId);
  link.stop();
  return plane.at(link.revision);
}
