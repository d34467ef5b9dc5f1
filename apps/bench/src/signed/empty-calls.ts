import { type DatabaseDriver, type PlaneProcess } from '@atlas/testing';
import { type Bench } from '../bench';
import { type KeepAliveConnection, withConnections } from '../http/keep-alive-connection';
import { httpMessage, requireStatus } from '../http/message';
import { type Load, type LoadResult, runLoad } from '../load/run-load';
import { startControlPlane } from '../planes/control-plane';
import { SimulatedPlane } from './simulated-plane';

/** Calls to two empty routes of a Control Plane, only one of which requires a signature. */
export class EmptyCalls {
  private constructor(
    readonly controlPlane: PlaneProcess,
    private readonly plane: SimulatedPlane,
  ) {}

  static async start(bench: Bench, driver: DatabaseDriver): Promise<EmptyCalls> {
    const database = await bench.createDatabase(driver);
    const stack = await startControlPlane(bench, database, ['empty-routes']);
    return new EmptyCalls(stack.controlPlane, await SimulatedPlane.enrol(stack, 1));
  }

  /** Signs all messages before the clock starts, so that the time spent on signing is not measured. */
  signed(load: Load): Promise<LoadResult> {
    const messages = Array.from({ length: load.count }, () => this.plane.message('GET', '/api/bench/signed'));
    return this.send(load, messages);
  }

  unsigned(load: Load): Promise<LoadResult> {
    const url = new URL('/api/bench/unsigned', this.controlPlane.url);
    const message = httpMessage({ method: 'GET', url });
    return this.send(load, Array<string>(load.count).fill(message));
  }

  private send(load: Load, messages: readonly string[]): Promise<LoadResult> {
    return withConnections(this.controlPlane.url, load.callers, (connections) =>
      runLoad(load, async (caller, n) => {
        const connection = connections[caller] as KeepAliveConnection;
        requireStatus(await connection.send(messages[n] as string), 204);
      }),
    );
  }
}
