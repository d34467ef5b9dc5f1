import { PlaneRefusal } from './plane-client';

const FIRST_MS = 500;
/** Shorter than a lease, so that a plane that is back gets the result in time. */
const LONGEST_MS = 10_000;
const REFUSED_KEY_MS = 60_000;
const LONGEST_ASKED_MS = 300_000;

/** How long to wait after a call has failed `failures` times in a row. `chance` is from 0 to 1. */
export function retryDelayMs(error: unknown, failures: number, chance = Math.random()): number {
  if (isKeyRefused(error)) return REFUSED_KEY_MS;
  const asked = error instanceof PlaneRefusal ? (error.retryAfterMs ?? 0) : 0;
  const own = Math.min(FIRST_MS * 2 ** (failures - 1), LONGEST_MS) * (0.5 + chance / 2);
  return Math.max(own, Math.min(asked, LONGEST_ASKED_MS));
}

export function isKeyRefused(error: unknown): boolean {
  return error instanceof PlaneRefusal && error.status === 401;
}
