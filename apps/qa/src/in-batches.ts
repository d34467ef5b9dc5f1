const BATCH = 50;

/** Calls that many times, so many at once. */
export async function inBatches<T>(
  count: number,
  progress: (text: string) => void,
  call: (i: number) => Promise<T>,
): Promise<T[]> {
  const answers: T[] = [];
  for (let from = 0; from < count; from += BATCH) {
    const size = Math.min(BATCH, count - from);
    answers.push(...(await Promise.all(Array.from({ length: size }, (_, i) => call(from + i)))));
    if (from % 1000 === 0) progress(`${from} of ${count}`);
  }
  return answers;
}
