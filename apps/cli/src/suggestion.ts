const SHORTEST_BEGINNING = 3;

/** The candidate that `typed` most likely misspells, with at most one typo per three characters. */
export function closestTo(typed: string, candidates: readonly string[]): string | undefined {
  const beginnings = candidates.filter((candidate) => candidate.startsWith(typed));
  if (beginnings.length === 1 && typed.length >= SHORTEST_BEGINNING) return beginnings[0];
  const [best] = candidates
    .map((candidate) => ({ candidate, typos: typosBetween(typed, candidate) }))
    .filter(({ candidate, typos }) => typos <= Math.max(typed.length, candidate.length) / 3)
    .sort((one, other) => one.typos - other.typos);
  return best?.candidate;
}

/** The optimal string alignment distance: letters inserted, omitted, replaced or swapped with a neighbour. */
function typosBetween(one: string, other: string): number {
  let before: number[] = [];
  let previous = Array.from({ length: other.length + 1 }, (_, column) => column);
  for (let row = 1; row <= one.length; row++) {
    const current = [row];
    for (let column = 1; column <= other.length; column++) {
      const isSame = one[row - 1] === other[column - 1];
      const isSwapped = one[row - 1] === other[column - 2] && one[row - 2] === other[column - 1];
      current[column] = Math.min(
        at(previous, column) + 1,
        at(current, column - 1) + 1,
        at(previous, column - 1) + (isSame ? 0 : 1),
        isSwapped ? at(before, column - 2) + 1 : Infinity,
      );
    }
    [before, previous] = [previous, current];
  }
  return at(previous, other.length);
}

function at(row: readonly number[], column: number): number {
  return row[column] ?? Infinity;
}
