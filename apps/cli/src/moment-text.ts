export interface Clock {
  /** Defaults to the process's time zone. */
  readonly timeZone?: string;
  now(): number;
}

const FORMAT: Intl.DateTimeFormatOptions = {
  weekday: 'short',
  day: 'numeric',
  month: 'short',
  year: 'numeric',
  hour: '2-digit',
  minute: '2-digit',
  hour12: false,
  timeZoneName: 'short',
};

/**
 * The moment in local time, such as `Mon, 28 Dec 2026, 11:15 CET`. Null if `moment` is neither text nor a
 * number.
 */
export function momentText(moment: unknown, { timeZone }: Pick<Clock, 'timeZone'>): string | null {
  if (typeof moment !== 'string' && typeof moment !== 'number') return null;
  const date = new Date(moment);
  if (Number.isNaN(date.getTime())) return String(moment);
  return new Intl.DateTimeFormat('en-GB', { ...FORMAT, timeZone }).format(date);
}
