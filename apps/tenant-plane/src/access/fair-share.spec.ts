import { FairShare } from './fair-share';

/**
 * To see it fail, leave out the line that moves a sharer to the end, `atOnceEach`, `kept`, `mayWait`,
 * `dropIfIdle`, or the check of `hasLeft`.
 */
describe('a fair share', () => {
  let share: FairShare;
  let begun: string[];
  let refused: string[];
  let leaving: Map<string, () => void>;
  const sharing = (changes = {}): void => {
    share = new FairShare({ atOnce: 3, atOnceEach: 2, kept: 0, waitingEach: 3, waiting: 5, ...changes });
    [begun, refused, leaving] = [[], [], new Map()];
  };
  beforeEach(() => sharing());
  const enter = (sharer: string, task: string) =>
    share.enter(sharer, {
      start: (leave) => {
        begun.push(task);
        leaving.set(task, leave);
      },
      refuse: () => refused.push(task),
    });
  const enterAll = (...tasks: string[]) => tasks.map((task) => enter(task.slice(0, 1), task));
  const leave = (...tasks: string[]): void => {
    for (const task of tasks) leaving.get(task)?.();
  };

  it('lets sharers take turns, however many tasks one of them has', () => {
    enterAll('a1', 'a2', 'a3', 'a4', 'a5', 'b1', 'b2', 'c1');
    expect(begun).toEqual(['a1', 'a2', 'b1']);
    leave('a1', 'b1');
    expect(begun.slice(3)).toEqual(['a3', 'b2']);
    leave('a2');
    expect(begun.slice(5)).toEqual(['c1']);
  });

  it('keeps places for sharers of whom nothing runs, even if several others have many tasks', () => {
    sharing({ atOnce: 4, kept: 1 });
    enterAll('a1', 'a2', 'a3', 'b1', 'b2', 'b3');
    expect(begun).toEqual(['a1', 'a2', 'b1']);
    enterAll('c1', 'c2', 'd1');
    expect(begun.slice(3)).toEqual(['c1']);
    leave('a1');
    expect(begun.slice(4)).toEqual(['d1']);
  });

  it('turns away what exceeds the limit of a sharer', () => {
    enterAll('a1', 'a2', 'a3', 'a4', 'a5', 'a6');
    expect(refused).toEqual(['a6']);
  });

  it('turns away the newest task of the longest line if too many wait in all', () => {
    enterAll('a1', 'a2', 'a3', 'a4', 'a5', 'b1', 'b2', 'b3');
    expect([refused, share.waiting]).toEqual([[], 5]);
    enterAll('c1');
    expect([refused, share.waiting]).toEqual([['a5'], 5]);
    enterAll('c2');
    expect([refused, share.waiting]).toEqual([['a5', 'c2'], 5]);
  });

  it('never starts a task that was given up, and frees a place once', () => {
    const [, , giveUp] = enterAll('a1', 'a2', 'a3', 'a4');
    giveUp?.();
    giveUp?.();
    leave('a1', 'a1');
    expect(begun).toEqual(['a1', 'a2', 'a4']);
    expect(share.waiting).toBe(0);
  });

  it('counts a task that leaves while it starts', () => {
    for (let n = 0; n < 10; n += 1) share.enter('a', { start: (done) => done(), refuse: () => undefined });
    enterAll('a1', 'a2', 'a3');
    expect(begun).toEqual(['a1', 'a2']);
  });

  it('forgets sharers that have left', () => {
    for (let n = 0; n < 1000; n += 1)
      share.enter(`${n}`, { start: (done) => done(), refuse: () => undefined });
    expect(share).toMatchObject({ sharers: new Map(), running: 0, waiting: 0 });
  });
});
