import { setTimeout as delay } from 'node:timers/promises';
import { inBatches, turns } from '../in-batches';
import { countBy } from '../proof';

/** Few, so that the two calls of each meet: the planes hash passwords meanwhile. */
const AT_ONCE = { batch: 4 };

export interface Reply {
  readonly status: number;
  /** Whatever lets somebody in. */
  readonly body: {
    readonly id?: string;
    readonly token?: string;
    readonly refresh_token?: string;
    readonly key?: string;
    readonly url?: string;
  } | null;
}

/** Two calls that are sent at almost the same time. */
export interface Race {
  act(): Promise<Reply>;
  revoke(): Promise<Reply>;
  /** What still works although it is covered by a revocation that was acknowledged. */
  survivors(acted: Reply, revoked: Reply): Promise<string[]>;
}

export interface Pair {
  readonly name: string;
  /** The statuses that say that it is revoked. */
  readonly acknowledged: number;
  /** How far apart the two calls are sent at most, in milliseconds; absent: as long as a password takes to hash. */
  readonly windowMs?: number;
  race(n: number): Promise<Race>;
}

export interface PairResult {
  readonly text: string;
  readonly survivors: number;
  /** How often it was revoked: of two who want the same, the other may win. */
  readonly revoked: number;
  /** Answers of 429 and 5xx, behind which the race was none. */
  readonly blunt: number;
}

/** So many times, from the action a window before the revocation to a window behind it. */
export async function raced(pair: Pair, count: number, windowMs: number): Promise<PairResult> {
  const outcomes = await inBatches(turns(count), AT_ONCE, async (n) => {
    const offsetMs = (((n + 0.5) / count) * 2 - 1) * windowMs;
    const race = await pair.race(n);
    const [acted, revoked] = await Promise.all([
      after(-offsetMs, () => race.act()),
      after(offsetMs, () => race.revoke()),
    ]);
    const isRevoked = revoked.status === pair.acknowledged;
    return { acted, revoked, isRevoked, survivors: isRevoked ? await race.survivors(acted, revoked) : [] };
  });
  const revoked = outcomes.filter(({ isRevoked }) => isRevoked).length;
  const survivors = outcomes.flatMap((outcome) => outcome.survivors);
  const statuses = outcomes.flatMap(({ acted, revoked: { status } }) => [acted.status, status]);
  const blunt = statuses.filter((status) => status === 429 || status >= 500);
  return {
    text:
      `${pair.name}: revoked ${revoked} of ${count}, ${survivors.length} survivors` +
      (survivors.length > 0 ? ` ${JSON.stringify(countBy(survivors, (what) => what))}` : '') +
      (blunt.length > 0 ? ` ${JSON.stringify(countBy(blunt, (status) => status))}` : ''),
    survivors: survivors.length,
    revoked,
    blunt: blunt.length,
  };
}

async function after<T>(ms: number, work: () => Promise<T>): Promise<T> {
  if (ms > 0) await delay(ms);
  return work();
}

/** Those of `things` that work. */
export async function alive<T>(things: readonly T[], works: (thing: T) => Promise<boolean>): Promise<T[]> {
  const found: T[] = [];
  for (const thing of things) if (await works(thing)) found.push(thing);
  return found;
}
