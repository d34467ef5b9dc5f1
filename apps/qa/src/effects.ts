/** How many rows were added to and removed from each table. */
export type Effect = Readonly<Record<string, number>>;

/** Tables that are written some time after the call that the rows are about. */
const WRITTEN_LATER = ['egress_calls'];

/** The rows are texts that start with the name of their table. */
export function effectOf(before: readonly string[], after: readonly string[]): Effect {
  const effect: Record<string, number> = {};
  const count = (some: readonly string[], others: readonly string[], mark: string): void => {
    const known = new Set(others);
    for (const row of some) {
      if (known.has(row)) continue;
      const table = row.slice(0, row.indexOf(' '));
      if (WRITTEN_LATER.includes(table)) continue;
      const key = `${mark}${table}`;
      effect[key] = (effect[key] ?? 0) + 1;
    }
  };
  count(after, before, '+');
  count(before, after, '-');
  return effect;
}

export function isNothing(effect: Effect): boolean {
  return Object.keys(effect).length === 0;
}

export function isSame(one: Effect, another: Effect): boolean {
  const text = (effect: Effect): string => JSON.stringify(Object.entries(effect).sort());
  return text(one) === text(another);
}

export function shownBeside(found: Effect, expected: Effect): string {
  return `${JSON.stringify(found)} instead of ${JSON.stringify(expected)}`;
}
