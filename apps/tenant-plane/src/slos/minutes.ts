export const MINUTE_MS = 60_000;
export const DAY_MINUTES = 1440;

/** The minute that contains a time, counted from 1970-01-01T00:00Z. */
export function minuteOf(time: Date): number {
  return Math.floor(time.getTime() / MINUTE_MS);
}

/** When a minute begins. */
export function timeOf(minute: number): Date {
  return new Date(minute * MINUTE_MS);
}
