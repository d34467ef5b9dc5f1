/** A month in UTC, such as `2026-11`. Usage is counted by days in UTC. */
export function monthOf(date: Date): string {
  return date.toISOString().slice(0, 7);
}

export function monthBefore(month: string): string {
  const first = new Date(`${month}-01T00:00:00Z`);
  return monthOf(new Date(first.getTime() - 1));
}

const names = new Intl.DateTimeFormat('en', { month: 'long', year: 'numeric', timeZone: 'UTC' });

/** `November 2026` */
export function monthName(month: string): string {
  return names.format(new Date(`${month}-01T00:00:00Z`));
}
