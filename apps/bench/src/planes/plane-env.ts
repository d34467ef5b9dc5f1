import { type PlaneProcess } from '@atlas/testing';
import { type Bench } from '../bench';
import { type Preload, withPreloads } from '../preloads/preload';

export type PlaneEnv = Readonly<Record<string, string>>;

/** What is added to the environment of a measured plane. */
export function planeEnv(bench: Bench, preloads: readonly Preload[] = []): PlaneEnv {
  const { profileDir } = bench;
  if (profileDir === undefined) return withPreloads(preloads);
  return { ...withPreloads(['cpu-profile', ...preloads]), ATLAS_BENCH_PROFILES: profileDir };
}

/** Profiles the planes while `work` runs, when profiles were asked for. */
export async function profiled<T>(
  bench: Bench,
  planes: readonly PlaneProcess[],
  work: () => Promise<T>,
): Promise<T> {
  const toggle = (): void => {
    if (bench.profileDir !== undefined) for (const plane of planes) process.kill(plane.pid, 'SIGUSR1');
  };
  toggle();
  try {
    return await work();
  } finally {
    toggle();
  }
}
