/**
 * Measures every side once per round. Every other round is in reverse order, so that changes in the machine's
 * speed affect all sides alike. Returns each side's figures in the order of the rounds.
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
