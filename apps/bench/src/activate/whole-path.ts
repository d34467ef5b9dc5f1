import { type Bench } from '../bench';
import { ProvisionRequests } from '../accept/provision-request';
import { type KeepAliveConnection, withConnections } from '../http/keep-alive-connection';
import { type Load, type LoadResult, runLoad } from '../load/run-load';
import { type BothPlanes, startBothPlanes } from '../planes/both-planes';
import { type PlaneEnv } from '../planes/plane-env';
import { ActivationWatcher } from './activation-watcher';
import { untilDone } from './job-stream';

export interface WholePathResult extends LoadResult {
  /** For each tenant, the time from `created_at` to `active_at`, as recorded by the Control Plane. */
  readonly recordedMs: readonly number[];
}

/** The whole path through both planes, from requesting a tenant until the tenant is active. */
export class WholePath {
  private constructor(
    readonly planes: BothPlanes,
    private readonly requests: ProvisionRequests,
    private readonly watcher: ActivationWatcher,
  ) {}

  static async start(bench: Bench, settings: PlaneEnv = {}): Promise<WholePath> {
    const planes = await startBothPlanes(bench, settings);
    const watcher = await ActivationWatcher.open(planes.controlPlaneUrl);
    bench.defer(() => watcher.close());
    return new WholePath(planes, new ProvisionRequests(planes.stack), watcher);
  }

  /** Each caller requests its next tenant once its previous tenant is accepted. */
  accept(load: Load): Promise<LoadResult> {
    return this.withCallers(load, async (connection) => void (await this.requests.send(connection)));
  }

  /** Each caller requests its next tenant once its previous tenant is active. */
  async provision(load: Load): Promise<WholePathResult> {
    const recordedMs: number[] = [];
    const result = await this.withCallers(load, async (connection) => {
      const { tenant } = await this.requests.send(connection);
      const { createdAt, activeAt } = await this.watcher.active(tenant.id);
      recordedMs.push(activeAt.getTime() - createdAt.getTime());
    });
    return { ...result, recordedMs };
  }

  /**
   * Like `provision`, but follows the job's events, and measures the time until the client receives `done`.
   */
  provisionWatched(load: Load): Promise<LoadResult> {
    const { stack } = this.planes;
    return this.withCallers(load, async (connection) => {
      const { job } = await this.requests.send(connection);
      await untilDone(
        new URL(`/api/provisioning-jobs/${job.id}/events`, stack.controlPlane.url),
        stack.apiKey,
      );
    });
  }

  private withCallers(
    load: Load,
    call: (connection: KeepAliveConnection) => Promise<void>,
  ): Promise<LoadResult> {
    return withConnections(this.planes.stack.controlPlane.url, load.callers, (connections) =>
      runLoad(load, (caller) => call(connections[caller] as KeepAliveConnection)),
    );
  }
}
