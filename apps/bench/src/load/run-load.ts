import { percentile } from './statistics';

export interface Load {
  /** The number of callers. Each makes its next call once its previous call is done. */
  readonly callers: number;
  /** The total number of calls. */
  readonly count: number;
}

export interface LoadResult {
  readonly perSecond: number;
  readonly latenciesMs: readonly number[];
}

/** Makes `count` calls, `callers` of them at a time. Rejects as soon as a call fails. */
export async function runLoad(
  { callers, count }: Load,
  call: (caller: number, n: number) => Promise<void>,
): Promise<LoadResult> {
  const latenciesMs: number[] = [];
  let next = 0;
  const work = async (caller: number): Promise<void> => {
    while (next < count) {
      const n = next++;
      const startedAt = performance.now();
      await call(caller, n);
      latenciesMs.push(performance.now() - startedAt);
    }
  };
  const startedAt = performance.now();
  await Promise.all(Array.from({ length: callers }, (_, caller) => work(caller)));
  return { perSecond: (count * 1000) / (performance.now() - startedAt), latenciesMs };
}

export function describeLoad({ perSecond, latenciesMs }: LoadResult): string {
  const [p50, p99] = [percentile(latenciesMs, 50), percentile(latenciesMs, 99)];
  return `${perSecond.toFixed(0)}/s, p50 ${p50.toFixed(2)} ms, p99 ${p99.toFixed(2)} ms`;
}
