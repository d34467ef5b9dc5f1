import { Secret } from '@atlas/platform/secret';
import { PLANE_PATHS } from '@atlas/plane-contract';
import { InMemoryNonceStore, SignatureVerifier, authorityOf } from '@atlas/service-auth';
import { FixedClock, type InstallView, type TestStack } from '@atlas/testing';
import { type Figure, all, exactly, measured, tallyOf } from '../figures';
import { type Proof, type ProofContext, countBy } from '../proof';
import { type SignedRequest, SignedPlane, send } from '../signed-plane';

const COPIES = 100;
const ONCE = '1 x 200, 99 x 401';

/**
 * A captured request is accepted only once, regardless of which process receives it, and not at all after 300
 * s.
 *
 * On Postgres, the copies go to two processes at the same time. SQLite allows one process at a time, so the
 * copies go to one process and then to its successor.
 *
 * To see it fail: have `PostgresNonces.consume` return true at once; or have `SqliteNonces.load` read
 * nothing.
 */
export const proof: Proof = {
  goal:
    'one signed request sent 100 times to 2 Control Plane processes: 1 accepted; the 300 s limit is ' +
    'exact',
  databases: ['sqlite', 'postgres'],
  smallOn: ['postgres'],
  async run(context) {
    const stack = await context.stack();
    const { url } = stack.controlPlane;
    const { install } = await stack.registerCell();
    const plane = new SignedPlane(url, install);
    await plane.enrol(url);
    const rounds = context.size === 'full' ? 20 : 1;
    const recorded = Array.from({ length: rounds }, () =>
      plane.sign('GET', `${PLANE_PATHS.desiredState}?wait=0`),
    );
    const replay = context.driver === 'postgres' ? atTwoAtOnce : atOneAfterTheOther;
    const statuses = await replay(context, stack, recorded);
    const tallies = countBy(statuses, talliedIn);
    const others = Object.entries(tallies).filter(([tally]) => tally !== ONCE);
    return [
      measured('copies of each request', COPIES),
      all(
        'requests accepted exactly once',
        tallies[ONCE] ?? 0,
        rounds,
        others.map(([tally, count]) => `${count} requests: ${tally}`),
      ),
      ...(await exactEdge(install, url)),
      ...(await realEdge(plane, url)),
    ];
  },
};

function talliedIn(statuses: readonly number[]): string {
  return tallyOf(countBy(statuses, Number));
}

/** Sends copies of each request, and returns the statuses of all copies, per request. */
type Replay = (
  context: ProofContext,
  stack: TestStack,
  recorded: readonly SignedRequest[],
) => Promise<number[][]>;

/** Sends half the copies to each of two processes, all at the same time. */
const atTwoAtOnce: Replay = async ({ furtherControlPlane }, stack, recorded) => {
  const urls = [stack.controlPlane.url, (await furtherControlPlane(stack)).url];
  const statuses: number[][] = [];
  for (const request of recorded) statuses.push(await sendCopies(request, COPIES, urls));
  return statuses;
};

/** Sends half the copies to one process, and half to its successor. */
const atOneAfterTheOther: Replay = async (_, stack, recorded) => {
  const half = (): Promise<number[][]> =>
    Promise.all(recorded.map((request) => sendCopies(request, COPIES / 2, [stack.controlPlane.url])));
  const first = await half();
  await stack.controlPlane.end('SIGTERM');
  await stack.startControlPlane();
  const second = await half();
  return first.map((each, i) => [...each, ...(second[i] ?? [])]);
};

async function sendCopies(
  request: SignedRequest,
  copies: number,
  urls: readonly string[],
): Promise<number[]> {
  const answers = await Promise.all(
    Array.from({ length: copies }, (_, i) => send(urls[i % urls.length] as string, request)),
  );
  return answers.map(({ status }) => status);
}

/** Checks the limit to the millisecond, with a fixed clock. */
async function exactEdge(install: InstallView, publicUrl: string): Promise<Figure[]> {
  const secret = new Secret(install.env['INTERNAL_SERVICE_SECRET'] ?? '');
  const keys = { secretsFor: async (keyId: string) => ({ keyId, secrets: [secret], caller: null }) };
  const now = new FixedClock().now();
  const { method, target, headers } = new SignedPlane(publicUrl, install).sign('GET', '/x', '', { now });
  const results: Figure[] = [];
  for (const ageMs of [300_000, 300_001, -300_000, -300_001]) {
    const expected = Math.abs(ageMs) > 300_000 ? 'clock_skew' : 'accepted';
    const clock = new FixedClock(new Date(now.getTime() + ageMs));
    const options = { authority: authorityOf(publicUrl) };
    const verifier = new SignatureVerifier(options, keys, new InMemoryNonceStore(clock), clock);
    const verify = async () => verifier.verify({ method, target, headers, rawBody: Buffer.alloc(0) });
    const outcome = await verify().then(
      () => 'accepted',
      (error: { code: string }) => error.code,
    );
    results.push(exactly(`signed ${ageMs} ms ago`, outcome, expected));
  }
  return results;
}

/** Checks the limit on a real process with a running clock. */
async function realEdge(plane: SignedPlane, url: string): Promise<Figure[]> {
  const results: Figure[] = [];
  for (const age of [295, 305, -295, -305]) {
    const now = new Date(Date.now() - age * 1000);
    const answer = await send<{ code?: string }>(
      url,
      plane.sign('GET', PLANE_PATHS.desiredState, '', { now }),
    );
    const expected = Math.abs(age) > 300 ? 'clock_skew' : '200';
    results.push(
      exactly(`signed ${age} s ago, over HTTP`, answer.body.code ?? String(answer.status), expected),
    );
  }
  return results;
}
