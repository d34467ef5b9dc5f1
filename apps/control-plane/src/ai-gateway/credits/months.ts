/** The month of a time, such as `2026-12`. It begins at midnight UTC on the first. */
export function monthOf(time: Date): string {
  return time.toISOString().slice(0, 7);
}

/** When the month after `month` begins. */
export function endOfMonth(month: string): Date {
  const [year = 0, ordinal = 1] = month.split('-').map(Number);
  return new Date(Date.UTC(year, ordinal, 1));
}
