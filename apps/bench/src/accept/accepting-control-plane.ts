import { type TestStack } from '@atlas/testing';
import { type Bench } from '../bench';
import { withConnections } from '../http/keep-alive-connection';
import { type Load, type LoadResult } from '../load/run-load';
import { startControlPlane } from '../planes/control-plane';
import { SimulatedPlane } from '../signed/simulated-plane';
import { AcceptLimit } from './accept-limit';
import { ProvisionRequests } from './provision-request';

/**
 * A Control Plane with one enrolled cell that has room and never reports, so that every job waits. For
 * comparison, `writeByHand` measures the limit: the same rows, written directly over node-postgres.
 */
export class AcceptingControlPlane {
  private constructor(
    readonly stack: TestStack,
    readonly databaseUrl: string,
    private readonly requests: ProvisionRequests,
    private readonly limit: AcceptLimit,
  ) {}

  static async start(bench: Bench): Promise<AcceptingControlPlane> {
    const database = await bench.createDatabase();
    const stack = await startControlPlane(bench, database);
    await SimulatedPlane.enrol(stack, 1_000_000);
    const requests = new ProvisionRequests(stack);
    await withConnections(stack.controlPlane.url, 1, async ([connection]) => {
      if (connection) await requests.send(connection);
    });
    const limit = await AcceptLimit.learn(database.url, stack.apiKey);
    return new AcceptingControlPlane(stack, database.url, requests, limit);
  }

  accept(load: Load): Promise<LoadResult> {
    return this.requests.load(load);
  }

  writeByHand(load: Load): Promise<LoadResult> {
    return this.limit.load(load);
  }
}
