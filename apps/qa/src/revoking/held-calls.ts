import { type Reply, type Sender } from '@atlas/isolation';
import { type PlaneProcess, eventually } from '@atlas/testing';
import { effectOf, isNothing } from '../effects';
import { inBatches } from '../in-batches';
import { type TenantRows } from '../tenant-rows';
import { storedRows } from '../writing/stored-rows';
import { type TenantCall } from '../writing/tenant-calls';
import { GO_ON, type Hold, holding, lineOfHeld } from './hold';
import { type CallRevocation } from './revocations';

/** How many revocations are sent at a time. */
const REVOCATIONS = { batch: 8 };
const OFTEN_MS = 5;

export interface HeldResult {
  readonly call: string;
  /** Whether the call got as far as the place where it was to be held. */
  readonly wasHeld: boolean;
  readonly wrong: readonly string[];
}

interface Sent {
  readonly call: TenantCall;
  readonly traceId: string;
  readonly reply: Promise<Reply>;
  hasEnded: boolean;
}

let serial = 0;

/** Holds calls in a plane until access has been revoked, and lets them go on. */
export class HeldCalls {
  constructor(
    private readonly plane: PlaneProcess,
    private readonly sender: Sender,
    private readonly disk: TenantRows,
  ) {}

  /**
   * Sends calls at once, and revokes while each is about to begin its nth transaction. None may be accepted
   * or write anything after that.
   */
  async atBegin(
    calls: readonly TenantCall[],
    revocation: CallRevocation,
    nth: number,
  ): Promise<HeldResult[]> {
    const sent = calls.map((call) => this.send(call, { place: 'begin', nth }));
    const held = await this.heldOf(sent);
    await inBatches(held, REVOCATIONS, ({ call }) => revocation.revoke(call));
    const before = await this.rowsOf(calls);
    this.goOn();
    const results = await Promise.all(
      sent.map(async ({ call, reply }) => {
        const wasHeld = held.some((one) => one.call === call);
        return { call: call.name, wasHeld, wrong: wasHeld ? wronglyAnswered(call, await reply) : [] };
      }),
    );
    const rows = written(before, await this.rowsOf(calls));
    return results.map((result) => ({
      ...result,
      wrong: [...result.wrong, ...(result.wasHeld ? rows : [])].map(
        (what) => `${result.call}, transaction ${nth}, ${revocation.name}: ${what}`,
      ),
    }));
  }

  /**
   * Sends a call, and revokes while it is about to commit its nth transaction. The revocation waits for the
   * call, or the call writes nothing more for the tenant. Requires Postgres, where waiting can be seen.
   */
  async atCommit(call: TenantCall, revocation: CallRevocation, nth: number): Promise<HeldResult> {
    const sent = this.send(call, { place: 'commit', nth });
    if ((await this.heldOf([sent])).length === 0) return { call: call.name, wasHeld: false, wrong: [] };
    let isAcknowledged = false;
    const revoking = revocation.revoke(call).then(() => (isAcknowledged = true));
    await eventually(async () => isAcknowledged || (await this.disk.hasWaitingLock()), {
      everyMs: OFTEN_MS,
      what: 'the revocation waits or has been acknowledged',
    });
    const before = isAcknowledged ? await this.rowsOf([call]) : undefined;
    this.goOn();
    const [reply] = await Promise.all([sent.reply, revoking]);
    const wrong = reply.status >= 500 && !call.isMeant(reply.status) ? [toldBy(reply)] : [];
    if (before) wrong.push(...wronglyAnswered(call, reply), ...written(before, await this.rowsOf([call])));
    const where = `${call.name}, COMMIT ${nth}, ${revocation.name}`;
    return { call: call.name, wasHeld: true, wrong: wrong.map((what) => `${where}: ${what}`) };
  }

  private send(call: TenantCall, hold: Hold): Sent {
    const { traceId, traceparent } = holding(hold, (serial += 1));
    const key: Record<string, string> = call.isKeyed ? { 'idempotency-key': traceId } : {};
    const headers = { ...call.request.headers, ...key, traceparent };
    const reply = this.sender.send({ ...call.request, headers });
    const sent: Sent = { call, traceId, reply, hasEnded: false };
    void reply.then(() => (sent.hasEnded = true));
    return sent;
  }

  /** Waits until each call is held or has ended, and returns those that are held. */
  private async heldOf(sent: readonly Sent[]): Promise<Sent[]> {
    const isHeld = ({ traceId }: Sent): boolean => this.plane.output().includes(lineOfHeld(traceId));
    await eventually(() => sent.every((one) => one.hasEnded || isHeld(one)), {
      everyMs: OFTEN_MS,
      what: 'each call is held or has ended',
    });
    return sent.filter((one) => !one.hasEnded);
  }

  private goOn(): void {
    process.kill(this.plane.pid, GO_ON);
  }

  private async rowsOf(calls: readonly TenantCall[]): Promise<string[]> {
    const tenants = [...new Set(calls.map(({ tenantId }) => tenantId))];
    return (await Promise.all(tenants.map((id) => storedRows(this.disk, id)))).flat();
  }
}

function wronglyAnswered({ isSignOut }: TenantCall, reply: Reply): string[] {
  const { status } = reply;
  const isRefused = status === 401 || status === 403;
  return isRefused || (isSignOut && status < 300) ? [] : [toldBy(reply)];
}

function written(before: readonly string[], after: readonly string[]): string[] {
  const effect = effectOf(before, after);
  return isNothing(effect) ? [] : [`wrote ${JSON.stringify(effect)}`];
}

function toldBy({ status, text }: Reply): string {
  return `answered with ${status} ${text.slice(0, 200)}`;
}
