import { FixedClock } from '@atlas/testing';
import { AT_ONCE, Attempts, LONG_AT_ONCE } from './attempts';
import { type Chores } from './chores';
import { type JobHandler, type JobQueue } from './job-queue';
import { type JobRunner } from './job-runner';
import { type JobWaker } from './job-waker';
import { type Jobs } from './jobs';
import { Worker } from './worker';

const ROUND_MS = 5000;

/** A worker whose attempts run until a test lets them finish. */
class Scene {
  readonly advanced: string[] = [];
  readonly gaveBack: string[] = [];
  readonly handedOn: string[] = [];
  due: string[] = [];
  readonly sinces: Date[] = [];
  readonly worker: Worker;
  wake: JobHandler = () => Promise.resolve();
  private readonly ends = new Map<string, () => void>();

  constructor(chores = none, clock = new FixedClock()) {
    const runner = { advance: (id: string, makeRoom: () => Promise<boolean>) => this.advance(id, makeRoom) };
    const waker = { wake: async (id: string) => void this.handedOn.push(id) };
    const queue = { start: async (wake: JobHandler) => void (this.wake = wake), stop: async () => undefined };
    const jobs = { takeOverFromPredecessor: async () => undefined, due: async () => this.due };
    const run = (since: Date) => (this.sinces.push(since), chores());
    this.worker = new Worker(
      // Stubs with only the parts that the worker uses.
      queue as unknown as JobQueue,
      new Attempts(runner as unknown as JobRunner, waker as unknown as JobWaker),
      jobs as unknown as Jobs,
      { run } as unknown as Chores,
      clock,
    );
  }

  static async start(...chores: ConstructorParameters<typeof Scene>): Promise<Scene> {
    const scene = new Scene(...chores);
    await scene.worker.onApplicationBootstrap();
    await settled();
    return scene;
  }

  async end(...ids: string[]): Promise<void> {
    for (const id of ids) this.ends.get(id)?.();
    await settled();
  }

  /** A job whose id contains `long` is about to run a long step. */
  private async advance(id: string, makeRoom: () => Promise<boolean>): Promise<void> {
    if (id.includes('long') && !(await makeRoom())) return void this.gaveBack.push(id);
    this.advanced.push(id);
    await new Promise<void>((resolve) => this.ends.set(id, resolve));
  }
}

const settled = (): Promise<unknown> => jest.advanceTimersByTimeAsync(0);
const named = (name: string, count: number): string[] =>
  Array.from({ length: count }, (_, n) => `${name}-${n}`);
const never = (): Promise<void> => new Promise(() => undefined);
const none = (): Promise<void> => Promise.resolve();

describe(Worker.name, () => {
  beforeEach(() => void jest.useFakeTimers());
  afterEach(() => void jest.useRealTimers());

  it('runs chores and starts due jobs every 5 s, even while a job is stuck', async () => {
    const scene = await Scene.start();
    scene.due = ['one'];
    await jest.advanceTimersByTimeAsync(ROUND_MS);
    scene.due = ['two'];
    await jest.advanceTimersByTimeAsync(ROUND_MS);
    expect([scene.advanced, scene.sinces.length]).toEqual([['one', 'two'], 3]);
  });

  it('starts due jobs while a chore is stuck, but does not start another round of chores', async () => {
    const scene = await Scene.start(never);
    scene.due = ['one'];
    await jest.advanceTimersByTimeAsync(2 * ROUND_MS);
    expect([scene.advanced[0], scene.sinces.length]).toEqual(['one', 1]);
  });

  it('tells a round of chores when the last round that succeeded began', async () => {
    const clock = new FixedClock();
    const [begun, faults] = [clock.now(), [false, true, false, false]];
    const scene = await Scene.start(
      () => (faults.shift() ? Promise.reject(new Error('Disk full')) : none()),
      clock,
    );
    for (let round = 1; round < 4; round += 1) {
      clock.advance(ROUND_MS / 1000);
      await jest.advanceTimersByTimeAsync(ROUND_MS);
    }
    const after = (rounds: number): Date => new Date(begun.getTime() + rounds * ROUND_MS);
    expect(scene.sinces).toEqual([begun, begun, begun, after(2)]);
  });

  it('limits how many due and woken jobs run at once, and runs each job only once', async () => {
    const scene = await Scene.start();
    const all = named('due', 100);
    scene.due = all;
    await jest.advanceTimersByTimeAsync(ROUND_MS);
    expect(scene.advanced).toEqual(all.slice(0, AT_ONCE));
    // Running jobs are not due.
    scene.due = all.slice(AT_ONCE);
    const woken = [scene.wake('due-99'), scene.wake('woken')];
    await jest.advanceTimersByTimeAsync(ROUND_MS);
    expect(scene.advanced).toHaveLength(AT_ONCE);
    scene.due = [];
    for (const id of [...all, 'woken']) await scene.end(id);
    expect(scene.advanced).toEqual([...all, 'woken']);
    await Promise.all(woken);
  });

  it('runs short steps even while long steps use all of their slots', async () => {
    const scene = await Scene.start();
    const long = named('long', LONG_AT_ONCE + AT_ONCE);
    // The queue's handler resolves even if the job has to wait for a slot for long steps.
    const handed = long.map((id) => scene.wake(id));
    await Promise.all(handed);
    void scene.wake('short');
    await settled();
    expect(scene.advanced).toEqual([...long.slice(0, LONG_AT_ONCE), 'short']);
    await scene.end('long-0');
    expect(scene.advanced).toContain(`long-${LONG_AT_ONCE}`);
  });

  it('waits for running attempts when it shuts down, and hands queued jobs to other processes', async () => {
    const scene = await Scene.start();
    const long = named('long', LONG_AT_ONCE + 1);
    const short = named('short', AT_ONCE + 1);
    for (const id of [...long, ...short]) void scene.wake(id);
    await settled();
    const inWork = [...scene.advanced];
    let hasEnded = false;
    const ending = scene.worker.beforeApplicationShutdown().then(() => (hasEnded = true));
    await scene.wake('too late');
    await scene.end(...inWork.slice(1));
    expect([scene.gaveBack, hasEnded]).toEqual([long.slice(LONG_AT_ONCE), false]);
    const handedOn = [...long.slice(LONG_AT_ONCE), ...short.slice(AT_ONCE), 'too late'];
    expect(scene.handedOn.toSorted()).toEqual(handedOn);
    await scene.end(inWork[0] ?? '');
    await ending;
    expect(scene.advanced).toEqual(inWork);
    expect(inWork).toHaveLength(LONG_AT_ONCE + AT_ONCE);
  });
});
