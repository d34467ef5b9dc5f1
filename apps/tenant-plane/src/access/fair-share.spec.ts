import { FairShare } from './fair-share';

/**
 * To see it fail, leave out the line that moves a sharer to the end, `atOnceEach`, or `forgetIfIdle`.
 */
describe('a fair share', () => {
  const limits = { atOnce: 3, atOnceEach: 2, waitingEach: 3, waiting: 5 };
  let share: FairShare;
  let begun: string[];
  beforeEach(() => {
    share = new FairShare(limits);
    begun = [];
  });
  const enter = (sharer: string, task: string) => share.enter(sharer, () => void begun.push(task));

  it('lets sharers take turns, however many tasks one of them has', () => {
    const running = [enter('a', 'a1'), enter('a', 'a2')];
    for (const task of ['a3', 'a4', 'a5']) enter('a', task);
    const other = enter('b', 'b1');
    enter('b', 'b2');
    enter('c', 'c1');
    expect(begun).toEqual(['a1', 'a2', 'b1']);
    running[0]?.();
    other?.();
    expect(begun.slice(3)).toEqual(['a3', 'b2']);
    running[1]?.();
    expect(begun.slice(5)).toEqual(['c1']);
  });

  it('turns away what exceeds the limit of a sharer or of all', () => {
    for (let n = 1; n <= 5; n += 1) expect(enter('a', `a${n}`)).not.toBeNull();
    expect(enter('a', 'a6')).toBeNull();
    expect(enter('b', 'b1')).not.toBeNull();
    for (const task of ['b2', 'b3']) expect(enter('b', task)).not.toBeNull();
    expect(share.waiting).toBe(5);
    expect(enter('b', 'b4')).toBeNull();
    expect(enter('c', 'c1')).toBeNull();
  });

  it('keeps a place free for others, even if one sharer has the only tasks', () => {
    for (let n = 1; n <= 4; n += 1) enter('a', `a${n}`);
    expect(begun).toEqual(['a1', 'a2']);
    enter('b', 'b1');
    expect(begun).toEqual(['a1', 'a2', 'b1']);
  });

  it('never starts a task that was given up, and frees a place once', () => {
    const [first, second] = [enter('a', 'a1'), enter('a', 'a2')];
    const third = enter('a', 'a3');
    enter('a', 'a4');
    third?.();
    third?.();
    first?.();
    first?.();
    expect(begun).toEqual(['a1', 'a2', 'a4']);
    expect([share.running, share.waiting]).toEqual([2, 0]);
    second?.();
  });

  it('forgets sharers that have left', () => {
    for (let n = 0; n < 1000; n += 1) enter(`sharer-${n}`, 'task')?.();
    expect(share).toMatchObject({ sharers: new Map(), running: 0, waiting: 0 });
  });
});
