import { type Figure, all, atMost, exactly, measured, tallyOf } from '../figures';
import { inBatches, turns } from '../in-batches';
import { type Proof, countBy } from '../proof';
import { LoginScene, addressOf } from '../signing-in/login-scene';
import { longestAfterlife } from '../signing-in/revocation';
import { type Gaps, timingGaps } from '../signing-in/timing';

const MOST_CHECKS = 10;
const WIDEST_GAP_MS = 5;
const LONGEST_AFTERLIFE_MS = 1000;
/**
 * Timing is measured several times, because other work on the machine can distort it. A real difference shows
 * in every series.
 */
const SERIES = 3;
/** How many guesses the attacker makes between two sign-ins by the account's owner. */
const GUESSES_BETWEEN = 30;

/**
 * An attacker guesses a password, probes which accounts exist, and reuses a revoked session.
 *
 * On Postgres, the guesses go to two processes, fifty at a time. Half of them come from a single address, and
 * each of the others from an address of its own. `atlas_password_checks_total` counts the passwords that were
 * checked. The timing gaps, for wrong passwords and for forgotten passwords, are medians of 200 alternating
 * rounds with email enabled. On a busy machine, they are measured up to three times. At the reduced size,
 * they are left out. Each part has its own tests in the tenant plane's accounts folder (sign-in-throttle,
 * passwords, invitations, users, sessions, permissions) and in session-replicas.cases.ts.
 *
 * To see it fail: have `SignInThrottle.take` do nothing; leave out `verify` in `pretendToCheck`; or leave out
 * `revokedAt` in `SessionAuthentication`.
 */
export const proof: Proof = {
  goal:
    '1,000 guesses at an account from many addresses: <= 10 checks, and its owner can sign in; timing ' +
    'does not reveal which accounts exist; revoked sessions stop working everywhere within 1 s',
  databases: ['sqlite', 'postgres'],
  smallOn: ['postgres'],
  async run(context) {
    const { size, progress } = context;
    const isFull = size === 'full';
    const scene = await LoginScene.set(context);
    try {
      const guesses = await guessed(scene, isFull ? 1000 : 60, progress);
      const [user = scene.owner] = await scene.users(1);
      // In a short run alongside other tests, the medians would be meaningless.
      const gaps = isFull ? await quietGaps(scene) : undefined;
      const afterlife = await longestAfterlife(scene, user, isFull ? 40 : 2);
      return [
        ...guesses,
        ...(gaps
          ? [
              atMost('timing gap of sign-ins', Math.abs(gaps.signIn), WIDEST_GAP_MS, 'ms'),
              atMost('timing gap of forgotten passwords', Math.abs(gaps.forgotten), WIDEST_GAP_MS, 'ms'),
            ]
          : []),
        atMost('revoked sessions kept working for', afterlife, LONGEST_AFTERLIFE_MS, 'ms'),
        measured('processes', scene.planes.length),
      ];
    } finally {
      await scene.clear();
    }
  },
};

/** The first series that shows no difference, or else the last series. */
async function quietGaps(scene: LoginScene): Promise<Gaps> {
  for (let series = 1; ; series += 1) {
    const gaps = await timingGaps(scene, await scene.users(25));
    if (isQuiet(gaps) || series === SERIES) return gaps;
  }
}

function isQuiet({ signIn, forgotten }: Gaps): boolean {
  return [signIn, forgotten].every((gap) => Math.abs(gap) <= WIDEST_GAP_MS);
}

/**
 * Half of the guesses come from a single address, and each of the others from an address of its own. The
 * guesses go to all processes in turn, many at the same time.
 */
async function guessed(
  scene: LoginScene,
  count: number,
  progress: (text: string) => void,
): Promise<Figure[]> {
  const { device_token } = (await scene.signIn(scene.owner)).body;
  const before = await scene.passwordChecks();
  let [owners, ownersIn] = [0, 0];
  const answers = await inBatches(turns(count), { progress }, async (n) => {
    if (n % GUESSES_BETWEEN === GUESSES_BETWEEN - 1) {
      owners += 1;
      if ((await scene.signIn(scene.owner, { device_token }, n)).status === 200) ownersIn += 1;
    }
    const guess = { password: `a guess, the ${n}th` };
    return scene.signIn(scene.owner, guess, n, n % 2 ? addressOf(n) : undefined);
  });
  const checks = (await scene.passwordChecks()) - before - owners;
  const statuses = countBy(answers, ({ status }) => status);
  const newcomer = (await scene.signIn(scene.owner, {}, 0, addressOf(count))).status;
  return [
    measured('guesses', count),
    atMost('passwords checked', checks, MOST_CHECKS),
    all("the owner's sign-ins during the attack", ownersIn, owners),
    exactly('status of a sign-in from a new device', newcomer, 429),
    all('guesses refused with 401, as many as were checked', statuses[401] ?? 0, checks),
    measured('responses', tallyOf(statuses)),
  ];
}
