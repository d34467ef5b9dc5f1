import { type TestStack, asAdmin } from '@atlas/testing';
import { type Bench } from '../bench';
import { inDatabase, nameOf } from '../database-url';
import { withConnections } from '../http/keep-alive-connection';
import { type Load, type LoadResult } from '../load/run-load';
import { startControlPlane } from '../planes/control-plane';
import { SimulatedPlane } from '../signed/simulated-plane';
import { AcceptLimit } from './accept-limit';
import { ProvisionRequests } from './provision-request';

/**
 * A Control Plane that accepts requests but runs no jobs, with one enrolled cell that has room. For
 * comparison, `writeByHand` measures the limit: the same statements, sent directly over node-postgres.
 */
export class AcceptingControlPlane {
  private constructor(
    readonly stack: TestStack,
    readonly databaseUrl: string,
    private readonly adminUrl: string,
    private readonly requests: ProvisionRequests,
    private readonly limit: AcceptLimit,
  ) {}

  static async start(bench: Bench): Promise<AcceptingControlPlane> {
    const database = await bench.createDatabase();
    const stack = await startControlPlane(bench, database, ['no-jobs']);
    await SimulatedPlane.enrol(stack, 1_000_000);
    const requests = new ProvisionRequests(stack);
    await withConnections(stack.controlPlane.url, 1, async ([connection]) => {
      if (connection) await requests.send(connection);
    });
    const limit = await AcceptLimit.learn(database.url, stack.apiKey);
    const adminUrl = inDatabase(await bench.postgresUrl(), nameOf(database.url));
    return new AcceptingControlPlane(stack, database.url, adminUrl, requests, limit);
  }

  async accept(load: Load): Promise<LoadResult> {
    await this.emptyQueue();
    return this.requests.load(load);
  }

  async writeByHand(load: Load): Promise<LoadResult> {
    await this.emptyQueue();
    return this.limit.load(load);
  }

  /**
   * Removes the queued wake-ups, because nothing processes them here. In a normal deployment, the queue is
   * almost empty.
   */
  private async emptyQueue(): Promise<void> {
    await asAdmin(this.adminUrl, (client) => client.query('truncate graphile_worker._private_jobs'));
  }
}
