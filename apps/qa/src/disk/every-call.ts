import { type Reply, Sender } from '@atlas/isolation';
import { uuidv7 } from '@atlas/tenancy';
import { type Effect, effectOf, isNothing, isSame, shownBeside } from '../effects';
import { TenantRows } from '../tenant-rows';
import { storedRows } from '../writing/stored-rows';
import { type TenantCall, TenantCalls, writingRoutes } from '../writing/tenant-calls';
import { type DiskScene } from './disk-scene';
import { type Fault } from './faults';

export interface CallCounts {
  readonly routes: number;
  /** Calls that the plane has refused because of the fault. */
  readonly refused: number;
  readonly wrong: readonly string[];
}

/** A call with the same Idempotency-Key each time it is sent. */
interface Repeatable {
  readonly call: TenantCall;
  readonly headers: Readonly<Record<string, string>>;
}

interface Outcome {
  readonly reply: Reply;
  readonly effect: Effect;
}

/** Statuses that say that the plane cannot store anything at the moment. */
const REFUSALS = [503, 507];

/** Calls every route that writes during a fault, and again after it. */
export class EveryCall {
  private readonly wrong: string[] = [];
  /** Each tenant's rows after the latest call. */
  private readonly lastRows = new Map<string, readonly string[]>();
  private refused = 0;

  private constructor(
    private readonly sender: Sender,
    private readonly disk: TenantRows,
  ) {}

  static async during(
    fault: Fault,
    scene: DiskScene,
    options: { readonly restarts: boolean; readonly adminUrl?: string },
  ): Promise<CallCounts> {
    const disk = await TenantRows.open(scene.planeDatabase, options.adminUrl);
    const sender = new Sender(scene.planeUrl);
    try {
      return await new EveryCall(sender, disk).counts(fault, scene, options.restarts);
    } finally {
      sender.close();
      await disk.close();
    }
  }

  private async counts(fault: Fault, scene: DiskScene, restarts: boolean): Promise<CallCounts> {
    const calls = new TenantCalls(scene.stack, this.disk);
    const routes = writingRoutes();
    const [undisturbed, disturbed] = [
      await calls.of(routes, await calls.tenant()),
      (await calls.of(routes, await calls.tenant())).map(repeatable),
    ];
    const expected: Effect[] = [];
    for (const call of undisturbed) expected.push(await this.undisturbed(call));
    await this.disk.shrinkLog();
    await fault.begin();
    const first: Outcome[] = [];
    for (const one of disturbed) first.push(await this.outcomeOf(one));
    await fault.end();
    await scene.ready();
    if (restarts) await scene.restart();
    for (const [at, one] of disturbed.entries()) {
      const [outcome, effect] = [first[at], expected[at]];
      if (outcome && effect) await this.again(one, outcome, effect);
    }
    return { routes: routes.length, refused: this.refused, wrong: this.wrong };
  }

  private async undisturbed(call: TenantCall): Promise<Effect> {
    const { reply, effect } = await this.outcomeOf(repeatable(call));
    this.check(call.isMeant(reply.status), call, `without a fault: ${toldBy(reply)}`);
    return effect;
  }

  /** Checks how the call was answered during the fault, and repeats it after the fault. */
  private async again(one: Repeatable, { reply, effect }: Outcome, expected: Effect): Promise<void> {
    const { call } = one;
    const isDone = call.isMeant(reply.status);
    if (isDone) this.check(isSame(effect, expected), call, `stored ${shownBeside(effect, expected)}`);
    else {
      this.refused += 1;
      this.check(REFUSALS.includes(reply.status), call, `during the fault: ${toldBy(reply)}`);
      this.check(isNothing(effect), call, `is half done: ${JSON.stringify(effect)}`);
      await this.stored(one, expected, 'after the fault');
    }
    if (call.isKeyed) await this.stored(one, {}, 'repeated');
  }

  private async stored(one: Repeatable, expected: Effect, when: string): Promise<void> {
    const { reply, effect } = await this.outcomeOf(one);
    this.check(one.call.isMeant(reply.status), one.call, `${when}: ${toldBy(reply)}`);
    this.check(isSame(effect, expected), one.call, `${when}: stored ${shownBeside(effect, expected)}`);
  }

  private async outcomeOf({ call: { request, tenantId }, headers }: Repeatable): Promise<Outcome> {
    const before = this.lastRows.get(tenantId) ?? (await storedRows(this.disk, tenantId));
    const reply = await this.sender.send({ ...request, headers: { ...request.headers, ...headers } });
    const after = await storedRows(this.disk, tenantId);
    this.lastRows.set(tenantId, after);
    return { reply, effect: effectOf(before, after) };
  }

  private check(holds: boolean, { name }: TenantCall, what: string): void {
    if (!holds) this.wrong.push(`${name} ${what}`);
  }
}

function repeatable(call: TenantCall): Repeatable {
  return { call, headers: call.isKeyed ? { 'idempotency-key': uuidv7() } : {} };
}

function toldBy({ status, text }: Reply): string {
  return `${status} ${text.slice(0, 200)}`;
}
