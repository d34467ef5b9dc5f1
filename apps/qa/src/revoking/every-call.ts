import { type Sender, nameOf } from '@atlas/isolation';
import { type PlaneProcess, type TestStack } from '@atlas/testing';
import { type ProofContext } from '../proof';
import { type TenantRows } from '../tenant-rows';
import { refusalOf } from '../writing/refused-calls';
import {
  type TenantCall,
  TenantCalls,
  type WritingRoute,
  callerKindOf,
  writingRoutes,
} from '../writing/tenant-calls';
import { HeldCalls, type HeldResult } from './held-calls';
import { type Hold, PLACES } from './hold';
import { type CallRevocation, revocationsAt } from './revocations';

const AT_BEGIN: readonly Hold['place'][] = ['begin'];
/** More transactions than any call has. */
const MOST = 9;

export interface HeldCounts {
  readonly routes: number;
  /** Calls that were held while access was revoked. */
  readonly held: number;
  /** Routes that write, but whose calls were never held. */
  readonly neverHeld: readonly string[];
  readonly wrong: readonly string[];
}

interface Scene {
  readonly stack: TestStack;
  readonly plane: PlaneProcess;
  readonly sender: Sender;
  readonly disk: TenantRows;
}

/** Revokes access while a call of each route that writes is held. */
export class EveryCall {
  private readonly routes: readonly WritingRoute[];
  private readonly calls: TenantCalls;
  private readonly held: HeldCalls;
  private readonly revocations: readonly CallRevocation[];
  private readonly isFull: boolean;
  /** Calls that were not held for a revocation because it does not affect them. */
  private readonly unaffected = new Set<string>();
  private readonly places: readonly Hold['place'][];

  constructor(
    { stack, plane, sender, disk }: Scene,
    private readonly context: Pick<ProofContext, 'size' | 'only' | 'progress'>,
  ) {
    const { only = '', size } = context;
    this.routes = writingRoutes().filter((route) => nameOf(route).includes(only));
    this.calls = new TenantCalls(stack, disk);
    this.held = new HeldCalls(plane, sender, disk);
    this.revocations = revocationsAt(stack, sender);
    this.isFull = size === 'full';
    this.places = this.isFull && disk.driver === 'postgres' ? PLACES : AT_BEGIN;
  }

  async counts(): Promise<HeldCounts> {
    const results: HeldResult[] = [];
    const shared = await this.calls.tenant();
    for (const revocation of this.revocations)
      for (const place of revocation.isOfTenant ? AT_BEGIN : this.places) {
        let left = this.routesFor(revocation);
        for (let nth = 1; nth <= MOST && left.length > 0; nth += 1) {
          const tenant = this.isFull ? await this.calls.tenant() : shared;
          const found = await this.through(await this.calls.of(left, tenant), revocation, { place, nth });
          const reached = heldIn(found);
          const title = `${revocation.name} at ${place} ${nth}: ${reached.size} calls held`;
          this.context.progress([title, ...wrongIn(found)].join('\n    '));
          results.push(...found);
          left = this.isFull ? left.filter((route) => reached.has(nameOf(route))) : [];
        }
      }
    const names = heldIn(results);
    return {
      routes: this.routes.length,
      held: results.filter(({ wasHeld }) => wasHeld).length,
      neverHeld: this.routes.map(nameOf).filter((name) => !names.has(name) && this.isToBeHeld(name)),
      wrong: wrongIn(results),
    };
  }

  private isToBeHeld(name: string): boolean {
    return !refusalOf(name) && (this.isFull || !this.unaffected.has(name));
  }

  /** At the reduced size, each call is held for only one of the revocations that concern it. */
  private routesFor(revocation: CallRevocation): WritingRoute[] {
    return this.routes.filter(({ line }, at) => {
      const all = this.revocations.filter(({ of }) => of.includes(callerKindOf(line)));
      return this.isFull ? all.includes(revocation) : all[at % all.length] === revocation;
    });
  }

  /** If a tenant is suspended, its calls are all held at the same time. */
  private async through(
    calls: readonly TenantCall[],
    revocation: CallRevocation,
    { place, nth }: Hold,
  ): Promise<HeldResult[]> {
    if (revocation.isOfTenant) return this.held.atBegin(calls, revocation, nth);
    const results: HeldResult[] = [];
    for (const call of calls) {
      if (!(await revocation.refuses(call))) {
        this.unaffected.add(call.name);
        continue;
      }
      if (place === 'commit') results.push(await this.held.atCommit(call, revocation, nth));
      else results.push(...(await this.held.atBegin([call], revocation, nth)));
    }
    return results;
  }
}

function heldIn(results: readonly HeldResult[]): Set<string> {
  return new Set(results.filter(({ wasHeld }) => wasHeld).map(({ call }) => call));
}

function wrongIn(results: readonly HeldResult[]): string[] {
  return results.flatMap(({ wrong }) => wrong);
}
