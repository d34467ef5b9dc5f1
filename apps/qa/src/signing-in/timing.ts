import { type Account, type LoginScene, addressOf } from './login-scene';

/** The median for known accounts minus the median for unknown accounts, in milliseconds. */
export interface Gaps {
  readonly signIn: number;
  readonly forgotten: number;
}

/** The number of rounds per account, which stays below the rate limits. */
const ROUNDS_OF_ACCOUNT = 8;
const MAILS_OF_ACCOUNT = 3;

/**
 * How much longer sign-ins with a wrong password, and requests for a reset link, take for existing accounts
 * than for unknown accounts. Existing and unknown accounts alternate, so that a disturbance affects both.
 */
export async function timingGaps(scene: LoginScene, known: readonly Account[]): Promise<Gaps> {
  const unknown = known.map(({ email }) => ({ email: email.replace('user', 'none') }));
  let from = 1_000_000;
  const timed = async (path: string, body: object): Promise<number> => {
    const start = performance.now();
    await scene.call(path, body, { from: addressOf((from += 1)) });
    return performance.now() - start;
  };
  const gap = async (path: string, rounds: number, body: object): Promise<number> => {
    const times: { known: number[]; unknown: number[] } = { known: [], unknown: [] };
    for (let round = 0; round < rounds; round += 1) {
      for (const [i, account] of known.entries()) {
        const pair = [['known', account] as const, ['unknown', unknown[i] ?? account] as const];
        if ((round + i) % 2) pair.reverse();
        for (const [which, { email }] of pair) times[which].push(await timed(path, { ...body, email }));
      }
    }
    return median(times.known) - median(times.unknown);
  };
  const signIn = await gap('/api/auth/token', ROUNDS_OF_ACCOUNT, { password: 'not the right one' });
  return { signIn, forgotten: await gap('/api/auth/forgot-password', MAILS_OF_ACCOUNT, {}) };
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return ((sorted[middle] ?? NaN) + (sorted[sorted.length % 2 ? middle : middle - 1] ?? NaN)) / 2;
}
