import { type KeepAliveConnection, withConnections } from '../http/keep-alive-connection';
import { httpMessage, jsonOf, requireStatus } from '../http/message';
import { type Load, type LoadResult, runLoad } from '../load/run-load';
import { type LoadedTenant } from './tenant-rows';

const PATH = '/api/incidents?limit=50';

/** Lists the newest incidents of each tenant in turn, as a signed-in user of that tenant. */
export class IncidentLists {
  private readonly messages: readonly string[];

  constructor(
    private readonly planeUrl: string,
    tenants: readonly LoadedTenant[],
  ) {
    const url = new URL(PATH, planeUrl);
    this.messages = tenants.map(({ id, session }) =>
      httpMessage({ method: 'GET', url, headers: { 'x-tenant-id': id, authorization: `Bearer ${session}` } }),
    );
  }

  load(load: Load): Promise<LoadResult> {
    return withConnections(this.planeUrl, load.callers, (connections) =>
      runLoad(load, async (caller, n) => {
        const message = this.messages[n % this.messages.length] as string;
        requireStatus(await (connections[caller] as KeepAliveConnection).send(message), 200);
      }),
    );
  }

  /** The responses for the first `count` tenants, for comparison. */
  sample(count: number): Promise<readonly unknown[]> {
    return withConnections(this.planeUrl, 1, async ([connection]) => {
      const answers: unknown[] = [];
      for (const message of this.messages.slice(0, count))
        answers.push(jsonOf(requireStatus(await (connection as KeepAliveConnection).send(message), 200)));
      return answers;
    });
  }
}
