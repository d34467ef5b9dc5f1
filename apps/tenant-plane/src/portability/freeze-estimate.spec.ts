import { FreezeEstimate } from './freeze-estimate';

describe(FreezeEstimate.name, () => {
  const BUSY = { taken: 50, left: 100 };
  /** What is said of a backlog that stays as it is, while each part takes so long. */
  const saidOf = (backlog: { taken: number; left: number }, partMs: number, parts: number) => {
    const estimate = new FreezeEstimate();
    estimate.notePart(partMs);
    const said = Array.from({ length: parts }, () => estimate.isNear(backlog));
    return { nearFrom: said.indexOf(true), isHopeless: estimate.isHopeless };
  };

  it.each<[string, { taken: number; left: number }, number, number]>([
    ['few changes, and none behind them', { taken: 200, left: 0 }, 60_000, 0],
    ['many changes that take no time', { taken: 2000, left: 0 }, 1000, 0],
    ['others behind it that take no time', BUSY, 333, 0],
    ['others behind it that take a while, once it gets no better', BUSY, 3000, 20],
    ['others behind it that take too long', BUSY, 3500, -1],
    ['more than fits', { taken: 0, left: 1 }, 6000, -1],
  ])('calls a part near the end that has %s', (_, backlog, partMs, from) => {
    expect(saidOf(backlog, partMs, 30)).toEqual({ nearFrom: from, isHopeless: false });
  });

  it('says nothing before it knows how long a part takes', () =>
    expect(new FreezeEstimate().isNear({ taken: 201, left: 0 })).toBe(false));

  it('gives up a backlog that gets no shorter, and none that does', () => {
    expect(saidOf(BUSY, 3500, 501)).toEqual({ nearFrom: -1, isHopeless: true });
    const estimate = new FreezeEstimate();
    estimate.notePart(1000);
    for (let left = 1_000_000; left > 0; left -= 1000) estimate.isNear({ taken: 10, left });
    expect(estimate.isHopeless).toBe(false);
  });
});
