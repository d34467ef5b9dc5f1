import { type PlaneProcess } from '@atlas/testing';
import { type Bench } from '../bench';
import { canReadCpuTime, cpuMs, familyCpuMs } from '../load/cpu-time';
import { type LoadResult } from '../load/run-load';
import { profiled } from './profiled';

/**
 * Observes the processes of one side of a comparison. Records their CPU time over all rounds and, if
 * requested, the CPU profiles of the planes among them.
 */
export class Observation {
  private readonly spentMs = new Map<string, number>();
  private calls = 0;

  constructor(
    private readonly bench: Bench,
    private readonly planes: readonly PlaneProcess[],
    private readonly others: readonly { readonly name: string; readonly pid: number }[] = [],
  ) {}

  async during<T extends LoadResult>(work: () => Promise<T>): Promise<T> {
    const before = this.read();
    const result = await profiled(this.bench, this.planes, work);
    for (const [name, ms] of this.read())
      this.spentMs.set(name, (this.spentMs.get(name) ?? 0) + ms - (before.get(name) ?? 0));
    this.calls += result.latenciesMs.length;
    return result;
  }

  /** The CPU time in milliseconds per call, by process. Empty on systems where it cannot be read. */
  get msPerCall(): ReadonlyMap<string, number> {
    return new Map([...this.spentMs].map(([name, ms]) => [name, ms / this.calls]));
  }

  tell(side: string): void {
    const parts = [...this.msPerCall].map(([name, ms]) => `${name} ${ms.toFixed(3)} ms`);
    if (parts.length > 0) this.bench.fact(`CPU per call, ${side}`, parts.join(', '));
  }

  private read(): Map<string, number> {
    if (!canReadCpuTime) return new Map();
    const postgres = this.bench.postgresPid;
    return new Map([
      ...[...this.planes, ...this.others].map(({ name, pid }) => [name, cpuMs(pid)] as const),
      ...(postgres === undefined ? [] : [['postgres', familyCpuMs(postgres)] as const]),
    ]);
  }
}
