/**
 * Measures every side once a round, in turn, and every other round in reverse order, so that a machine that slows down or
 * speeds up does so for all of them alike. Answers with each side's figures by round.
 */
export async function interleave<Side extends string, Figure>(
  rounds: number,
  sides: Readonly<Record<Side, () => Promise<Figure>>>,
): Promise<Record<Side, Figure[]>> {
  const names = Object.keys(sides) as Side[];
  const figures = Object.fromEntries(names.map((name) => [name, []])) as unknown as Record<Side, Figure[]>;
  for (let round = 0; round < rounds; round++) {
    const order = round % 2 === 0 ? names : names.toReversed();
    for (const name of order) figures[name].push(await sides[name]());
  }
  return figures;
}
