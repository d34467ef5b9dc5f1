import { setTimeout as delay } from 'node:timers/promises';
import { type Answer, type PlaneName } from '@atlas/testing';
import { countBy } from '../proof';
import { type DiskScene } from './disk-scene';

/**
 * How long a caller pauses after each response. The pauses are long enough that several minutes of writes fit
 * on a small disk.
 */
const PAUSE_MS: Readonly<Record<PlaneName, number>> = { 'control-plane': 150, 'tenant-plane': 40 };
const CALLERS: Readonly<Record<PlaneName, number>> = { 'control-plane': 2, 'tenant-plane': 4 };

interface Attempt {
  readonly plane: PlaneName;
  readonly name: string;
  /** 0 if the connection broke. */
  readonly status: number;
}

/**
 * Callers of both planes that keep writing, regardless of the responses. Every second request has an
 * Idempotency-Key.
 */
export class Writers {
  readonly attempts: Attempt[] = [];
  private readonly unanswered = new Map<string, PlaneName>();
  private readonly callers: Promise<void>[];
  private isOver = false;
  private count = 0;

  /** `series` is the prefix of the name of every incident and tenant. */
  constructor(
    private readonly scene: DiskScene,
    readonly series: string,
  ) {
    const planes = Object.keys(CALLERS) as PlaneName[];
    this.callers = planes.flatMap((plane) => Array.from({ length: CALLERS[plane] }, () => this.goOn(plane)));
  }

  acknowledged(plane: PlaneName): number {
    return this.attempts.filter((one) => one.plane === plane && isSuccess(one)).length;
  }

  refused(plane: PlaneName): number {
    return this.attempts.filter((one) => one.plane === plane && one.status >= 500).length;
  }

  /** Names from keyed requests, which `finish` repeats until they succeed. */
  keyedNames(plane: PlaneName): string[] {
    const asked = this.attempts.filter((one) => one.plane === plane && one.name.includes('-keyed-'));
    return [...new Set(asked.map(({ name }) => name))];
  }

  get statuses(): Record<string, number> {
    return countBy(this.attempts, ({ status }) => status);
  }

  /** Stops the callers, and repeats each keyed request until it succeeds. */
  async finish(): Promise<void> {
    this.isOver = true;
    await Promise.all(this.callers);
    for (const [name, plane] of this.unanswered) {
      const deadline = Date.now() + 20_000;
      while (!(await this.once(plane, name, true)))
        if (Date.now() > deadline) throw new Error(`Writing ${name} still fails after repeated attempts.`);
        else await delay(200);
    }
  }

  private async goOn(plane: PlaneName): Promise<void> {
    while (!this.isOver) {
      const isKeyed = (this.count += 1) % 2 === 0;
      const name = `${this.series}-${isKeyed ? 'keyed' : 'plain'}-${this.count}`;
      const isDone = await this.once(plane, name, isKeyed);
      if (isKeyed && !isDone) this.unanswered.set(name, plane);
      await delay(PAUSE_MS[plane]);
    }
  }

  private async once(plane: PlaneName, name: string, isKeyed: boolean): Promise<boolean> {
    const headers: Record<string, string> = isKeyed ? { 'idempotency-key': name } : {};
    const { status } = await this.scene
      .write(plane, name, headers)
      .catch((): Pick<Answer<unknown>, 'status'> => ({ status: 0 }));
    const attempt = { plane, name, status };
    this.attempts.push(attempt);
    return isSuccess(attempt);
  }
}

export function isSuccess({ status }: Pick<Attempt, 'status'>): boolean {
  return status >= 200 && status < 300;
}
