import { type KeepAliveConnection, withConnections } from '../http/keep-alive-connection';
import { requireStatus } from '../http/message';
import { type Load, type LoadResult, runLoad } from '../load/run-load';

/** Sends prepared messages in turn, and continues where the last load ended. */
export class Calls {
  private sent = 0;

  constructor(
    private readonly url: string,
    private readonly status: number,
    private readonly messageOf: (n: number) => string,
  ) {}

  load(load: Load): Promise<LoadResult> {
    return withConnections(this.url, load.callers, (connections) =>
      runLoad(load, async (caller) => {
        const message = this.messageOf(this.sent++);
        requireStatus(await (connections[caller] as KeepAliveConnection).send(message), this.status);
      }),
    );
  }
}
