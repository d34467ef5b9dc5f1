import { type DesiredState, MAX_WAIT_SECONDS, PLANE_PATHS } from '@atlas/plane-contract';
import { type HttpAnswer } from '../http/answer';
import { KeepAliveConnection } from '../http/keep-alive-connection';
import { jsonOf } from '../http/message';
import { type SimulatedPlane } from '../signed/simulated-plane';

const WAIT_SECONDS = 50;

/** A tenant plane's long poll: it waits for a change, then polls again with the revision it received. */
export class WaitingLink {
  private isClosed = false;
  private failure?: Error;
  private arrived?: { readonly resolve: (at: number) => void; readonly reject: (error: Error) => void };

  private constructor(
    readonly plane: SimulatedPlane,
    private readonly connection: KeepAliveConnection,
    private revision: string,
  ) {}

  static async open(plane: SimulatedPlane, url: string): Promise<WaitingLink> {
    const link = new WaitingLink(plane, await KeepAliveConnection.open(url), plane.revision);
    await link.catchUp();
    link.waitForEver().catch((error: Error) => link.fail(error));
    return link;
  }

  /** Resolves to the time at which the next change arrives. */
  nextChange(): Promise<number> {
    return new Promise((resolve, reject) => {
      this.arrived = { resolve, reject };
      if (this.failure) reject(this.failure);
    });
  }

  /** Throws if the link has stopped waiting because of an error. */
  requireWaiting(): void {
    if (this.failure) throw this.failure;
  }

  close(): void {
    this.isClosed = true;
    this.connection.close();
  }

  private fail(error: Error): void {
    if (this.isClosed) return;
    this.failure = error;
    this.arrived?.reject(error);
  }

  private async catchUp(): Promise<void> {
    this.take(await this.ask(0));
  }

  private async waitForEver(): Promise<void> {
    while (!this.isClosed) {
      const answer = await this.ask(Math.min(WAIT_SECONDS, MAX_WAIT_SECONDS));
      const at = performance.now();
      if (this.take(answer)) this.arrived?.resolve(at);
    }
  }

  private ask(wait: number): Promise<HttpAnswer> {
    const query = new URLSearchParams({ since: this.revision, wait: String(wait) });
    return this.connection.send(this.plane.message('GET', `${PLANE_PATHS.desiredState}?${query}`));
  }

  /** Returns whether there was a change. */
  private take(answer: HttpAnswer): boolean {
    if (answer.status === 204) return false;
    if (answer.status !== 200) throw new Error(`A poll got status ${answer.status}: ${answer.body}`);
    this.revision = jsonOf<DesiredState>(answer).revision;
    return true;
  }
}
