const BATCH = 50;

interface Pace {
  /** The number of items per batch; 50 by default. */
  readonly batch?: number;
  readonly progress?: (text: string) => void;
}

/** Runs `work` for each item, one batch at a time. The results are in the order of the items. */
export async function inBatches<T, R>(
  items: readonly T[],
  { batch = BATCH, progress }: Pace,
  work: (item: T) => Promise<R>,
): Promise<R[]> {
  const results: R[] = [];
  for (let from = 0; from < items.length; from += batch) {
    results.push(...(await Promise.all(items.slice(from, from + batch).map((item) => work(item)))));
    if (from % 1000 === 0) progress?.(`${from} of ${items.length}`);
  }
  return results;
}

/** 0 to `count` - 1. */
export function turns(count: number): number[] {
  return Array.from({ length: count }, (_, turn) => turn);
}
