import { setImmediate } from 'node:timers/promises';
import { PLANES_AT_ONCE, PlaneTurns } from './plane-turns';

describe(PlaneTurns.name, () => {
  /** Work that lasts until it is told to end. */
  class Held {
    hasBegun = false;
    end: () => void = () => undefined;
    readonly work = (): Promise<void> => {
      this.hasBegun = true;
      return new Promise((resolve) => (this.end = resolve));
    };
  }
  let turns: PlaneTurns;
  beforeEach(() => (turns = new PlaneTurns()));

  const busy = (): Held[] => {
    const holders = Array.from({ length: PLANES_AT_ONCE }, () => new Held());
    for (const held of holders) void turns.next(held.work);
    return holders;
  };
  const begun = (all: readonly Held[]): number => all.filter(({ hasBegun }) => hasBegun).length;

  it('lets only a few calls run at once, and the others in their order', async () => {
    const running = busy();
    expect(begun(running)).toBe(PLANES_AT_ONCE);
    const [second, third] = [new Held(), new Held()];
    for (const held of [second, third]) void turns.next(held.work);
    running[0]?.end();
    await setImmediate();
    expect([second.hasBegun, third.hasBegun]).toEqual([true, false]);
  });

  it('lets urgent calls go before all others', async () => {
    const running = busy();
    const [poll, report] = [new Held(), new Held()];
    void turns.next(poll.work);
    void turns.first(report.work);
    running[0]?.end();
    await setImmediate();
    expect([poll.hasBegun, report.hasBegun]).toEqual([false, true]);
  });

  it('goes on after a call has failed', async () => {
    for (let n = 0; n <= PLANES_AT_ONCE; n++)
      await expect(turns.next(() => Promise.reject(new Error('no')))).rejects.toThrow('no');
    expect(begun(busy())).toBe(PLANES_AT_ONCE);
  });
});
