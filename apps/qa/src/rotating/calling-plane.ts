import { type DesiredState, PLANE_PATHS } from '@atlas/plane-contract';
import { openNextSecret } from '@atlas/service-auth';
import { type Answer, type InstallView, type TestStack } from '@atlas/testing';
import { type SignedRequest, SignedPlane } from '../signed-plane';

/** A source of repeated calls. */
export interface Caller {
  next(): SignedRequest;
  heard(answer: Answer<unknown>): Promise<void>;
}

/**
 * An enrolled tenant plane that alternates between pulling and reporting, and switches to each new secret as
 * soon as that secret arrives.
 */
export class CallingPlane implements Caller {
  private turn = 0;
  /** The previous secret, and the time at which it was replaced. */
  private before: { readonly secret: string; readonly until: number } | undefined;

  private constructor(
    readonly id: string,
    readonly signed: SignedPlane,
    readonly install: InstallView,
    private revision: string,
  ) {}

  static async enrolled(stack: TestStack, secret?: 'platform'): Promise<CallingPlane> {
    const { id, install } = await stack.registerCell({ secret });
    const signed = new SignedPlane(stack.controlPlane.url, install);
    const { body } = await signed.enrol(stack.controlPlane.url);
    return new CallingPlane(id, signed, install, body.desired_state.revision);
  }

  next(): SignedRequest {
    this.turn += 1;
    return this.turn % 2 === 0 ? this.report() : this.pull();
  }

  async heard({ status, body }: Answer<unknown>): Promise<void> {
    const state = body as Partial<DesiredState> | null;
    if (status !== 200 || state?.revision === undefined) return;
    this.revision = state.revision;
    const next = state.config?.next_secret;
    if (next !== undefined) this.goOnWith((await openNextSecret(next, [this.signed.secret])).reveal());
  }

  goOnWith(secret: string): void {
    this.before = { secret: this.signed.secret, until: performance.now() };
    this.signed.secret = secret;
  }

  /** A replica of this plane. The replica learns a new secret `lagMs` milliseconds after the plane. */
  replica(lagMs: number): Caller {
    const signed = new SignedPlane(this.signed.publicUrl, this.install);
    const next = (): SignedRequest => {
      const { before } = this;
      const isBehind = before !== undefined && performance.now() < before.until + lagMs;
      signed.secret = isBehind ? before.secret : this.signed.secret;
      return signed.sign('GET', `${PLANE_PATHS.routes}/nobody?tenant_plane_id=${this.id}`);
    };
    return { next, heard: () => Promise.resolve() };
  }

  private pull(): SignedRequest {
    const query = new URLSearchParams({ tenant_plane_id: this.id, since: this.revision, wait: '0' });
    return this.signed.sign('GET', `${PLANE_PATHS.desiredState}?${query}`);
  }

  private report(): SignedRequest {
    const link = { sequence: this.turn, link_id: this.signed.instanceId };
    const plane = { revision: this.revision, version: '0.1.0', usage: {}, health: {} };
    const body = JSON.stringify({ ...plane, ...link, tenants: [] });
    return this.signed.sign('POST', `${PLANE_PATHS.report}?tenant_plane_id=${this.id}`, body);
  }
}
