import { type Curve, growthPicture } from './growth-picture';

const SIZES = [100, 10_000, 100_000];
const drawn = (curves: readonly Curve[]): string => growthPicture('Lists', SIZES, curves, 1.2);

describe('growthPicture', () => {
  it('draws each call over the number of tenants, and names the one that grows most first', () => {
    const picture = drawn([
      { name: 'flat', ratios: [1, 1, 1] },
      { name: 'a < b', ratios: [1, 2, 4] },
    ]);
    expect(picture.match(/<polyline/g)).toHaveLength(2);
    expect(picture).toMatch(/4\.00 {2}a &lt; b<.*\n.*1\.00 {2}flat</);
    // The flat call stays on the same height; the other one ends at the top.
    expect(picture).toContain('points="50.0,266.7 390.0,266.7 560.0,266.7"');
    expect(picture).toContain('points="50.0,266.7 390.0,153.3 560.0,40.0"');
  });
  it('keeps what is faster or slower than the range within the frame', () => {
    expect(drawn([{ name: 'far', ratios: [1, 0.01, 900] }])).toContain('390.0,380.0 560.0,40.0');
  });
});
