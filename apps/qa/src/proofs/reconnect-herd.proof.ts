import { setTimeout as delay } from 'node:timers/promises';
import { type TestStack, eventually } from '@atlas/testing';
import { atMost, measured, none } from '../figures';
import { SimulatedLink } from '../herd/simulated-link';
import { type Proof, countBy } from '../proof';
import { SignedPlane } from '../signed-plane';

interface Restart {
  readonly signal: NodeJS.Signals;
  /** How long the Control Plane stays down, in addition to its start-up time. */
  readonly awayMs: number;
}

const SIZES = {
  small: { planes: 100, restarts: [{ signal: 'SIGTERM', awayMs: 0 }] },
  full: {
    planes: 200,
    restarts: [
      { signal: 'SIGTERM', awayMs: 0 },
      { signal: 'SIGKILL', awayMs: 0 },
      { signal: 'SIGTERM', awayMs: 3000 },
      { signal: 'SIGKILL', awayMs: 10_000 },
      { signal: 'SIGKILL', awayMs: 30_000 },
    ],
  },
} satisfies Record<string, { planes: number; restarts: readonly Restart[] }>;
/**
 * The time over which planes reconnect is divided into this many parts. With more parts, there would be so
 * few planes per part that chance alone would produce peaks of twice the mean.
 */
const PARTS = 8;
/**
 * If all planes reconnect in less than this time, they count as a herd, even if they are evenly spread.
 */
const SHORTEST_MS = 1000;
const ALL_BACK_MS = 60_000;

/**
 * When the Control Plane returns, its planes reconnect over a period of time rather than all at once.
 *
 * The Control Plane is stopped five times, gracefully or by kill, for up to half a minute, while links are
 * waiting. The links are simulated. They sign their calls as real links do, and take their delays from the
 * same link-pace.ts. A call that cannot connect does not count as an attempt.
 *
 * To see it fail: in `LinkPace`, draw the random part at each failure, or use the same one for all planes;
 * or leave `failed` out of `heardNothing`.
 */
export const proof: Proof = {
  goal:
    '200 planes reconnect after a restart: the peak rate is at most twice the mean, 0 5xx ' +
    'responses, <= 1.1 attempts each',
  databases: ['sqlite', 'postgres'],
  // link-pace.spec.ts tests the rule without processes. At the reduced size, there would be too few planes
  // for a meaningful result.
  smallOn: [],
  async run({ size, stack: start, progress }) {
    const { planes, restarts } = SIZES[size];
    const stack = await start();
    const links = await enrolled(stack, planes);
    const running = links.map((link) => link.keepUp());
    const returns: Return[] = [];
    for (const restart of restarts) {
      returns.push(await comeBack(stack, links, restart));
      progress(`${restart.signal}, down ${restart.awayMs / 1000} s: ${describe(returns.at(-1))}`);
    }
    for (const link of links) link.stop();
    await stack.controlPlane.end('SIGKILL');
    await Promise.all(running);
    const worst = (of: 'peak' | 'failed' | 'attempts'): number => Math.max(...returns.map((one) => one[of]));
    return [
      measured('planes', planes),
      measured('restarts', restarts.length),
      atMost('peak', worst('peak'), 2, 'times the mean'),
      none('5xx responses', worst('failed')),
      atMost('attempts per plane', worst('attempts'), 1.1),
    ];
  },
};

interface Return {
  /** The largest number of planes reconnecting in one part of the time, relative to the average. */
  readonly peak: number;
  readonly failed: number;
  /**
   * The average number of calls that a plane made until it had reconnected. Calls that could not connect do
   * not count, since they put no load on the server.
   */
  readonly attempts: number;
  readonly seconds: number;
}

async function enrolled(stack: TestStack, count: number): Promise<SimulatedLink[]> {
  const { url } = stack.controlPlane;
  const links: SimulatedLink[] = [];
  while (links.length < count) {
    const { install } = await stack.registerCell();
    const plane = new SignedPlane(url, install);
    const { body } = await plane.enrol(url);
    links.push(new SimulatedLink(plane, url, body.desired_state.revision));
  }
  return links;
}

async function comeBack(
  stack: TestStack,
  links: readonly SimulatedLink[],
  restart: Restart,
): Promise<Return> {
  const allWait = () => links.every((link) => link.isWaiting());
  await eventually(allWait, { timeoutMs: ALL_BACK_MS, everyMs: 50, what: 'all links are waiting' });
  for (const link of links) link.attempts = [];
  const endedAt = performance.now();
  await stack.controlPlane.end(restart.signal);
  const goneAt = performance.now();
  await delay(restart.awayMs);
  await stack.startControlPlane();
  await eventually(allWait, { timeoutMs: ALL_BACK_MS, everyMs: 50, what: 'all links are waiting again' });
  // Only calls sent after the shutdown began count, so an earlier waiting call that ends is not an attempt.
  // Once a link is waiting again, its pending call counts as accepted.
  const attempts = links.map((link) =>
    [...link.attempts, { at: link.askedAt, status: 200 }].filter(({ at }) => at > endedAt),
  );
  const firsts = attempts.map(
    (own) => own.find(({ at, status }) => at > goneAt && status < 300)?.at ?? Infinity,
  );
  const until = attempts.map((own, index) => own.filter(({ at }) => at <= (firsts[index] ?? 0)).length);
  const statuses = countBy(attempts.flat(), ({ status }) => (status >= 500 ? 'failed' : 'other'));
  return {
    ...spread(firsts),
    failed: statuses['failed'] ?? 0,
    attempts: until.reduce((sum, count) => sum + count, 0) / links.length,
  };
}

/** How evenly the planes reconnected, from the first to the last. */
function spread(times: readonly number[]): { peak: number; seconds: number } {
  const [first, last] = [Math.min(...times), Math.max(...times)];
  const partMs = Math.max(SHORTEST_MS, last - first) / PARTS;
  const parts = Object.values(countBy(times, (at) => Math.floor((at - first) / partMs)));
  return { peak: (Math.max(...parts) * PARTS) / times.length, seconds: (last - first) / 1000 };
}

function describe(one?: Return): string {
  if (!one) return '';
  const { peak, failed, attempts, seconds } = one;
  return (
    `all back within ${seconds.toFixed(1)} s, peak ${peak.toFixed(2)} times the mean, ${failed} 5xx ` +
    `responses, ${attempts.toFixed(2)} attempts each`
  );
}
