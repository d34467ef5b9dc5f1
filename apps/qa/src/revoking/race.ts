import { setTimeout as delay } from 'node:timers/promises';
import { inBatches, turns } from '../in-batches';
import { countBy } from '../proof';

/** Few races run at a time, so that the two calls of each race overlap while the planes hash passwords. */
const AT_ONCE = { batch: 4 };

export interface Reply {
  readonly status: number;
  /** The parts of the response that grant access. */
  readonly body: {
    readonly id?: string;
    readonly token?: string;
    readonly refresh_token?: string;
    readonly key?: string;
    readonly url?: string;
  } | null;
}

/** Two calls sent at almost the same time. */
export interface Race {
  act(): Promise<Reply>;
  revoke(): Promise<Reply>;
  /** Returns whatever still works although an acknowledged revocation should have ended it. */
  survivors(acted: Reply, revoked: Reply): Promise<string[]>;
}

export interface Pair {
  readonly name: string;
  /** The status that acknowledges the revocation. */
  readonly acknowledged: number;
  /**
   * The maximum interval between the two calls, in milliseconds. By default, one and a half times as long as
   * a sign-in takes.
   */
  readonly windowMs?: number;
  race(n: number): Promise<Race>;
}

export interface PairResult {
  readonly text: string;
  readonly survivors: number;
  /** How many revocations succeeded. If both calls compete for the same token or link, the action may win. */
  readonly revoked: number;
  /** How many responses were 429 or 5xx. After such a response, the race proves nothing. */
  readonly blunt: number;
}

/**
 * Runs the race `count` times. The action starts one window before the revocation in the first race, and
 * shifts to one window after the revocation in the last.
 */
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

/** Returns the elements of `things` that still work. */
export async function alive<T>(things: readonly T[], works: (thing: T) => Promise<boolean>): Promise<T[]> {
  const found: T[] = [];
  for (const thing of things) if (await works(thing)) found.push(thing);
  return found;
}
