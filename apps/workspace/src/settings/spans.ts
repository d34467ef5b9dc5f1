/** The units in which times to respond are entered, the longest first. */
export const UNITS = [
  { name: 'days', minutes: 1440 },
  { name: 'hours', minutes: 60 },
  { name: 'minutes', minutes: 1 },
] as const;
type Unit = (typeof UNITS)[number]['name'];

/** A length of time as it is entered. The number is text while it is being typed. */
export interface Span {
  readonly count: number | string;
  readonly unit: Unit;
}

const LONGEST_MINUTES = 525_600;

export function spanOf(minutes: number): Span {
  const unit = UNITS.find(({ minutes: size }) => minutes % size === 0) ?? UNITS[2];
  return { count: minutes / unit.minutes, unit: unit.name };
}

export function minutesOf({ count, unit }: Span): number | null {
  const size = UNITS.find(({ name }) => name === unit)?.minutes ?? 1;
  const minutes = typeof count === 'number' ? count * size : NaN;
  return Number.isInteger(minutes) && minutes >= 1 && minutes <= LONGEST_MINUTES ? minutes : null;
}

/** `1 day`, `90 minutes`. */
export function spanText(minutes: number): string {
  const { count, unit } = spanOf(minutes);
  return `${count} ${count === 1 ? unit.slice(0, -1) : unit}`;
}
