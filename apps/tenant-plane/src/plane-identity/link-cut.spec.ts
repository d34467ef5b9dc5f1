import { type Database } from '@atlas/persistence';
import { FixedClock } from '@atlas/testing';
import { LinkCut } from './link-cut';
import { type LinkCutRow } from './link-cut.entity';

describe(LinkCut.name, () => {
  let clock: FixedClock;
  let row: LinkCutRow;
  let reads: number;
  let cut: LinkCut;

  beforeEach(() => {
    clock = new FixedClock();
    reads = 0;
    const endsAt = new Date(clock.now().getTime() + 60_000);
    row = { id: 1, rehearsalId: 'first', begunAt: clock.now(), endsAt };
    // The link cut uses nothing else of the database.
    const database = {
      read: async () => {
        reads += 1;
        return [{ ...row }, clock.now()];
      },
    } as unknown as Database;
    cut = new LinkCut(database, clock);
  });

  /** To see it fail, let `look` forget the look that has not ended. */
  it('does not look again before the records of the last look are written', async () => {
    let end = (): void => undefined;
    cut.onLook = () => new Promise((resolve) => (end = resolve));
    const [first, second] = [cut.look(), cut.look()];
    await new Promise(setImmediate);
    expect(reads).toBe(1);
    end();
    await Promise.all([first, second]);
    cut.onLook = undefined;
    await cut.look();
    expect(reads).toBe(2);
  });

  it('looks again after a look that has failed', async () => {
    cut.onLook = () => Promise.reject(new Error('the COMMIT failed'));
    await expect(cut.look()).rejects.toThrow('the COMMIT failed');
    await expect(cut.look()).rejects.toThrow('the COMMIT failed');
    expect([reads, cut.isCut]).toEqual([2, true]);
  });

  /** To see it fail, ignore `newest` in `lookOnce`. */
  it('is not prolonged by a clock that is set back, but by another rehearsal', async () => {
    await cut.look();
    clock.advance(30);
    clock.jump(-3600);
    await cut.look();
    clock.advance(29);
    expect(cut.isCut).toBe(true);
    clock.advance(1);
    expect(cut.isCut).toBe(false);
    await cut.look();
    expect(cut.isCut).toBe(false);
    row = { ...row, rehearsalId: 'second', endsAt: new Date(clock.now().getTime() + 60_000) };
    await cut.look();
    expect(cut.isCut).toBe(true);
  });

  it('lasts at most an hour, whatever the row says', async () => {
    row = { ...row, endsAt: new Date(clock.now().getTime() + 86_400_000) };
    await cut.look();
    clock.advance(3599);
    expect(cut.isCut).toBe(true);
    clock.advance(1);
    expect(cut.isCut).toBe(false);
  });
});
