import { DAY_MINUTES, minuteOf } from './minutes';

/** The longest window has 90 days. The rest lets charts show how its budget developed. */
const KEPT_DAYS = 125;

/** The first minute whose events are kept. */
export function oldestKept(now: Date): number {
  return minuteOf(now) - KEPT_DAYS * DAY_MINUTES;
}
