import { setTimeout as delay } from 'node:timers/promises';
import { PLANE_PATHS } from '@atlas/plane-contract';
import { type TestStack } from '@atlas/testing';
import { KeepAliveConnection } from '../http/keep-alive-connection';
import { requireStatus } from '../http/message';
import { SimulatedPlane } from '../signed/simulated-plane';
import { type ChangePublisher } from './change-publisher';
import { type PlacedPlane } from './placed-planes';
import { type WaitingFleet } from './waiting-fleet';
import { type WaitingLink } from './waiting-link';

/**
 * The pause before each measurement, so that the planes are idle. It gives a woken link enough time to poll
 * again.
 */
const REST_MS = 10;

export interface ChangeLatencies {
  readonly callsMs: readonly number[];
  readonly changesMs: readonly number[];
}

/** Alternates between a signed call that changes nothing and a change for one waiting plane. */
export async function changeLatencies(
  fleet: WaitingFleet,
  publisher: ChangePublisher,
  count: number,
): Promise<ChangeLatencies> {
  const links = await fleet.wait(fleet.planes.length);
  const caller = await NoOpCaller.start(fleet.stack);
  const [callsMs, changesMs]: [number[], number[]] = [[], []];
  for (let n = 0; n < count; n++) {
    const link = links[n % links.length] as WaitingLink;
    const { tenantId } = fleet.planes[n % links.length] as PlacedPlane;
    callsMs.push(await caller.call());
    const arrival = link.nextChange();
    await delay(REST_MS);
    const committedAt = await publisher.publish({ tenantId, tenantPlaneId: link.plane.id });
    changesMs.push((await arrival) - committedAt);
  }
  caller.close();
  for (const link of links) link.close();
  return { callsMs, changesMs };
}

/** A plane that has no pending changes and polls without waiting. */
class NoOpCaller {
  private readonly path: string;

  private constructor(
    private readonly plane: SimulatedPlane,
    private readonly connection: KeepAliveConnection,
  ) {
    this.path = `${PLANE_PATHS.desiredState}?since=${plane.revision}&wait=0`;
  }

  static async start(stack: TestStack): Promise<NoOpCaller> {
    const connection = await KeepAliveConnection.open(stack.controlPlane.url);
    return new NoOpCaller(await SimulatedPlane.enrol(stack, 1), connection);
  }

  /** Returns the duration of one call in ms. The call is signed before the clock starts. */
  async call(): Promise<number> {
    const message = this.plane.message('GET', this.path);
    await delay(REST_MS);
    const startedAt = performance.now();
    requireStatus(await this.connection.send(message), 204);
    return performance.now() - startedAt;
  }

  close(): void {
    this.connection.close();
  }
}
