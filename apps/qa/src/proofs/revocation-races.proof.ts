import { randomBytes } from 'node:crypto';
import { Sender } from '@atlas/isolation';
import { FROM_MODULES, builtFile } from '@atlas/testing';
import { type Figure, exactly, measured, moreThan, none } from '../figures';
import { inBatches } from '../in-batches';
import { type Proof, type ProofContext } from '../proof';
import { RacedOperators } from '../revoking/control-plane-pairs';
import { EveryCall } from '../revoking/every-call';
import { type PairResult, raced } from '../revoking/race';
import { RacedTenants } from '../revoking/tenant-plane-pairs';
import { TenantRows } from '../tenant-rows';
import { reasonsNotToWrite } from '../writing/refused-calls';

const FULL = 200;
const SMALL = 1;
const PAIRS_AT_ONCE = 4;
/** Races per tenant, because invitations per tenant are limited. */
const RACES_OF_TENANT = 16;
const HOLDING = {
  ...FROM_MODULES,
  // All calls are held at once.
  TENANT_PLANE_DATABASE_POOL_SIZE: '100',
  NODE_OPTIONS: `--require "${builtFile('qa', 'preloads/held-calls.js')}"`,
};
/**
 * The maximum interval between the two calls of a pair, as a multiple of the time that a sign-in takes. Both
 * calls hash a password, and most races can occur only during that time.
 */
const WINDOW_IN_SIGN_INS = 1.5;

/**
 * Someone signs in, or obtains access in another way, at the very moment at which access is revoked.
 *
 * Both calls of a pair are sent at almost the same time. Over the 200 interleavings, the action shifts from
 * one and a half sign-in times before the revocation to just as long after it. This covers the time in which
 * a password is hashed, when most races can occur. Each race has its own user or operator, inserted directly
 * into the database with sessions, keys and links. Accounts that were deactivated or disabled are reactivated
 * before the final check. The tenant plane's revocation-races.cases.ts pauses calls at the critical moments
 * instead, one by one.
 *
 * Then a call of each route that writes is held: it has been admitted, and a module preloaded into the plane
 * keeps it from beginning its transaction until its caller has signed out, or been demoted or deactivated,
 * its key has been removed, or its tenant has been suspended. On Postgres, the call is also held before its
 * COMMIT, and a revocation of the caller must wait for it. At the reduced size, each call is held once, on
 * Postgres.
 *
 * To see it fail: have `lockUsers` read without `lockedForUpdate`; have `lockOperators` lock nothing; leave
 * out the epoch in `lockUnchanged`; leave out `revokeAll` in `Revocations.revoke`; or have `UserWrites.by`
 * only call `work()`.
 */
export const proof: Proof = {
  goal:
    '200 interleavings of each pair of an action and a revocation, on both planes: what was revoked by ' +
    'an acknowledged call never works again',
  databases: ['sqlite', 'postgres'],
  async run(context) {
    const count = context.size === 'full' ? FULL : SMALL;
    // Lets each call come from a different address, so that limits per address do not apply.
    const trusting = context.size === 'full' ? { TRUSTED_PROXIES: '127.0.0.1' } : undefined;
    const results = [
      ...(await atTenantPlane(context, count, trusting)),
      ...(await atControlPlane(context, count, trusting)),
    ];
    const survived = results.filter(({ survivors }) => survivors > 0);
    const blunt = results.filter((result) => result.blunt > 0);
    const unrevoked = results.filter((result) => context.size === 'full' && result.revoked === 0);
    const held = await everyRoute(context);
    return [
      measured('pairs', results.length),
      measured('interleavings per pair', count),
      moreThan('revocations', sum(results, 'revoked'), 0),
      exactly(
        'survivors of a revocation',
        sum(results, 'survivors'),
        0,
        survived.map(({ text }) => text),
      ),
      exactly(
        '429 and 5xx responses',
        sum(results, 'blunt'),
        0,
        blunt.map(({ text }) => text),
      ),
      none(
        'pairs without a successful revocation',
        unrevoked.map(({ text }) => text),
      ),
      ...held,
    ];
  },
};

function sum(results: readonly PairResult[], of: 'revoked' | 'survivors' | 'blunt'): number {
  return results.reduce((total, result) => total + result[of], 0);
}

type Env = Readonly<Record<string, string>> | undefined;

async function atTenantPlane(context: ProofContext, count: number, env: Env): Promise<PairResult[]> {
  const { stack, planeDatabase } = await context.served(env);
  const tenants = Array.from({ length: Math.ceil(count / RACES_OF_TENANT) }, async () => {
    const { tenant } = await stack.tenantWithAdmin(`raced-${randomBytes(4).toString('hex')}`);
    return tenant.id;
  });
  const rows = await TenantRows.open(planeDatabase);
  try {
    return await racedInTurn(context, new RacedTenants(stack, rows, await Promise.all(tenants)), count);
  } finally {
    await rows.close();
  }
}

async function atControlPlane(context: ProofContext, count: number, env: Env): Promise<PairResult[]> {
  const stack = await context.stack(env);
  const rows = await TenantRows.open(stack.controlPlaneDatabase);
  try {
    return await racedInTurn(context, new RacedOperators(stack, rows), count);
  } finally {
    await rows.close();
  }
}

/** At the reduced size, several pairs race at the same time, since there is only one race per pair. */
async function racedInTurn(
  { size, only = '', progress }: ProofContext,
  plane: RacedTenants | RacedOperators,
  count: number,
): Promise<PairResult[]> {
  const pairs = plane.pairs().filter(({ name }) => name.includes(only));
  if (pairs.length === 0) return [];
  await plane.fill(pairs.length, count);
  const windowMs = WINDOW_IN_SIGN_INS * (await plane.timeOfSignIn());
  return inBatches(pairs, { batch: size === 'full' ? 1 : PAIRS_AT_ONCE }, async (pair) => {
    const result = await raced(pair, count, pair.windowMs ?? windowMs);
    progress(result.text);
    return result;
  });
}

/** At the reduced size, this part runs on only one database, because it needs planes of its own. */
async function everyRoute(context: ProofContext): Promise<Figure[]> {
  const { size, driver } = context;
  if (size === 'small' && driver !== 'postgres') return [];
  const { stack, planeDatabase } = await context.served(HOLDING);
  const [plane] = stack.tenantPlanes;
  if (!plane) throw new Error('No tenant plane was started.');
  const disk = await TenantRows.open(planeDatabase);
  const sender = new Sender(plane.url, { maxSockets: Infinity });
  try {
    const counts = await new EveryCall({ stack, plane, sender, disk }, context).counts();
    return [
      measured('routes that write', counts.routes),
      moreThan('calls held while access was revoked', counts.held, 0),
      none('routes whose calls were never held', counts.neverHeld),
      none('held calls that were accepted or wrote something', counts.wrong),
      measured('routes that cannot write here', reasonsNotToWrite().join('; ')),
    ];
  } finally {
    sender.close();
    await disk.close();
  }
}
