import { type TestStack } from '@atlas/testing';
import { type Bench } from '../bench';
import { startControlPlane } from '../planes/control-plane';
import { type PlacedPlane, placedPlanes } from './placed-planes';
import { untilSealed } from './until-sealed';
import { WaitingLink } from './waiting-link';

/** A Control Plane whose only traffic comes from waiting tenant planes. */
export class WaitingFleet {
  private constructor(
    private readonly bench: Bench,
    readonly stack: TestStack,
    readonly databaseUrl: string,
    readonly planes: readonly PlacedPlane[],
  ) {}

  /** Enrols `count` planes with one tenant each, and waits until their audit rows are sealed. */
  static async start(bench: Bench, count: number): Promise<WaitingFleet> {
    const database = await bench.createDatabase();
    const stack = await startControlPlane(bench, database, ['memory-report']);
    const planes = await placedPlanes(stack, database.url, count);
    await untilSealed(database.url);
    return new WaitingFleet(bench, stack, database.url, planes);
  }

  /** Opens `count` waiting links, spread evenly over the planes. */
  async wait(count: number): Promise<readonly WaitingLink[]> {
    const links: WaitingLink[] = [];
    this.bench.defer(() => links.forEach((link) => link.close()));
    for (let n = 0; n < count; n++) {
      const { plane } = this.planes[n % this.planes.length] as PlacedPlane;
      links.push(await WaitingLink.open(plane, this.stack.controlPlane.url));
    }
    return links;
  }
}
