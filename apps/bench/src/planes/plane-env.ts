import { type Bench } from '../bench';
import { type Preload, withPreloads } from '../preloads/preload';

export type PlaneEnv = Readonly<Record<string, string>>;

/** Additional environment variables for a measured plane. */
export function planeEnv(bench: Bench, preloads: readonly Preload[] = []): PlaneEnv {
  const { profileDir } = bench;
  if (profileDir === undefined) return withPreloads(preloads);
  return { ...withPreloads(['cpu-profile', ...preloads]), ATLAS_BENCH_PROFILES: profileDir };
}
