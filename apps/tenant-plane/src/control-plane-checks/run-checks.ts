import { setTimeout as delay } from 'node:timers/promises';
import { type NamedOutcome } from '@atlas/tenant-api/deployment';
import { type Check, type CheckScene, type Found, bad } from './check';
import { signatureCheck } from './signature.check';

/** The time limit for each check. */
const CHECK_LIMIT_MS = 5000;

type Told = NamedOutcome & Found;

/**
 * The result of a check that did not run. `ok` is false, because a monitor that watches `ok` must not mistake
 * an untested link for a working link. Nothing is known to be wrong either, so the preflight does not fail.
 */
const OFFLINE = {
  ok: false,
  skipped: true,
  detail: 'Not checked: this plane runs offline (ATLAS_OFFLINE_MODE) and makes no calls to the Control Plane',
  fix:
    'Nothing, if offline mode is intended. Otherwise, remove ATLAS_OFFLINE_MODE from the environment and ' +
    'start again.',
} as const;

/** Runs all checks concurrently. Never rejects. */
export async function runChecks(
  checks: readonly Check[],
  sceneOf: () => CheckScene,
  isOffline: boolean,
  limitMs = CHECK_LIMIT_MS,
): Promise<NamedOutcome[]> {
  const scene = isOffline ? null : sceneOf();
  const told = await Promise.all(
    checks.map(async (check): Promise<Told> => ({
      name: check.name,
      ...(scene || check.isLocal ? await bounded(check, scene ?? sceneOf(), limitMs) : OFFLINE),
    })),
  );
  const cause = causeIn(told.filter((_, index) => !checks[index]?.isLocal));
  return told.map(({ isFollowUp, ...outcome }) =>
    isFollowUp && cause !== undefined && cause !== outcome.name ? notChecked(outcome.name, cause) : outcome,
  );
}

/**
 * The check that explains the follow-ups: the first check that failed for its own reason, or else the
 * signature check.
 */
function causeIn(told: readonly Told[]): string | undefined {
  const failed = told.filter(({ ok }) => !ok);
  const isCall = ({ name }: Told): boolean => name === signatureCheck.name;
  return (failed.find(({ isFollowUp }) => !isFollowUp) ?? failed.find(isCall))?.name;
}

function notChecked(name: string, cause: string): NamedOutcome {
  const detail = `Not checked, because the ${cause} check failed`;
  return { name, ok: false, skipped: true, detail, fix: `First fix what the ${cause} check reports.` };
}

async function bounded(check: Check, scene: CheckScene, limitMs: number): Promise<Found> {
  const ended = new AbortController();
  const silence = delay(limitMs, bad(`No response within ${limitMs / 1000} s`, check.fixOfSilence), {
    signal: ended.signal,
  });
  // The timer is aborted, and so rejects, if the check finishes first.
  silence.catch(() => undefined);
  try {
    return await Promise.race([check.run(scene), silence]);
  } catch (error) {
    return bad(`The check itself failed: ${(error as Error).message}`, check.fixOfSilence);
  } finally {
    ended.abort();
  }
}
