/** One figure of a proof. */
export interface Figure {
  readonly name: string;
  readonly found: number | string;
  readonly unit?: string;
  /** A limit such as `0`, `<= 2` or `all 58`. A figure without a limit only describes the run. */
  readonly expected?: string;
  readonly holds: boolean;
  /** The cases that violate the limit. */
  readonly details?: readonly string[];
}

/** A figure without a limit, such as how many requests were sent. */
export function measured(name: string, found: number | string, unit?: string): Figure {
  return { name, found, unit, holds: true };
}

/** A figure that must be zero. `found` is a count, or the offending cases themselves. */
export function none(name: string, found: number | readonly string[]): Figure {
  return typeof found === 'number' ? exactly(name, found, 0) : exactly(name, found.length, 0, found);
}

/** A figure that must equal `of`. Zero out of zero does not hold, since nothing was tried. */
export function all(name: string, found: number, of: number, details?: readonly string[]): Figure {
  return { name, found, expected: `all ${of}`, holds: found === of && of > 0, details };
}

export function exactly<T extends number | string>(
  name: string,
  found: T,
  expected: T,
  details?: readonly string[],
): Figure {
  return { name, found, expected: String(expected), holds: found === expected, details };
}

export function atMost(name: string, found: number, limit: number, unit?: string): Figure {
  return { name, found, unit, expected: limitOf('<=', limit, unit), holds: found <= limit };
}

export function below(name: string, found: number, limit: number, unit?: string): Figure {
  return { name, found, unit, expected: limitOf('<', limit, unit), holds: found < limit };
}

export function atLeast(name: string, found: number, limit: number, unit?: string): Figure {
  return { name, found, unit, expected: limitOf('>=', limit, unit), holds: found >= limit };
}

export function moreThan(name: string, found: number, limit: number, unit?: string): Figure {
  return { name, found, unit, expected: limitOf('>', limit, unit), holds: found > limit };
}

/** At least one figure must have a limit, because a proof that cannot fail proves nothing. */
export function allHold(figures: readonly Figure[]): boolean {
  return figures.some(({ expected }) => expected !== undefined) && figures.every(({ holds }) => holds);
}

/** Formats counts, for example as `1 x 200, 199 x 409`. */
export function tallyOf(counts: Readonly<Record<string, number>>): string {
  const parts = Object.entries(counts).map(([what, count]) => `${count} x ${what}`);
  return parts.join(', ') || 'none';
}

/** Rounds to two decimal places for human readers. The JSON output contains the exact number. */
export function shown(value: number | string, unit?: string): string {
  const text = typeof value === 'number' ? String(Number(value.toFixed(2))) : value;
  return unit === undefined ? text : `${text} ${unit}`;
}

function limitOf(sign: string, limit: number, unit?: string): string {
  return `${sign} ${shown(limit, unit)}`;
}
