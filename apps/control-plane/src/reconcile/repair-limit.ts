import { type Drift } from './drift.entity';

const MINUTE_MS = 60_000;

/** A repair that lasts this long counts as successful. If the drift returns later, counting starts again. */
const LASTS_MS = 15 * MINUTE_MS;

/**
 * How long each successive repair waits after the drift returns. The first few
 * run at the next reconciliation. After the last one, a person has to act.
 */
const PAUSES_MS = [0, 0, 0, 0, 2, 5, 10].map((minutes) => minutes * MINUTE_MS);

/** How many repairs in a row did not last. `before` is the previous drift of the same kind and subject. */
export function failedRepairs(before: Drift | null, now: Date): number {
  if (!before?.repaired || before.resolvedAt === null) return 0;
  return now.getTime() - before.resolvedAt.getTime() < LASTS_MS ? before.failedRepairs + 1 : 0;
}

/** Why a drift is not repaired now, or null if it may be repaired now. */
export function whyNotRepaired(
  drift: Pick<Drift, 'failedRepairs' | 'firstSeenAt'>,
  now: Date,
): string | null {
  const { failedRepairs: count, firstSeenAt } = drift;
  const pauseMs = PAUSES_MS[count];
  if (pauseMs === undefined)
    return (
      `It was repaired ${count} times in a row and came back each time, so repairs have stopped. Find ` +
      'out what undoes the repairs. They resume once the difference is gone.'
    );
  const dueAt = new Date(firstSeenAt.getTime() + pauseMs);
  return dueAt > now
    ? `The previous repair did not last. The next one is due at ${dueAt.toISOString()}.`
    : null;
}
