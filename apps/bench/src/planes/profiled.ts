import { type PlaneProcess } from '@atlas/testing';
import { type Bench } from '../bench';

/** Runs `work`. If requested, records CPU profiles of the planes meanwhile. */
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
