import { type Line } from './line';
import { JsonReport, verdictOf } from './report';
import { atLeast, atMost } from './goal';

const line: Line = { name: 'P0', title: 'nothing', measure: () => Promise.resolve([]) };

describe('verdictOf', () => {
  it('says OK when every goal is met', () => {
    const goals = [atLeast('ratio', 0.52, 0.4), atMost('p99/p50', 4, 4)];
    expect(verdictOf(line, goals)).toBe('P0 ratio 0.52 (target >= 0.4), p99/p50 4.00 (target <= 4) OK');
  });
  it('says FAILED when a goal is missed', () => {
    expect(verdictOf(line, [atLeast('ratio', 0.52, 0.4), atMost('other', 4.01, 4)])).toMatch(/FAILED$/);
  });
  it('says FAILED when a figure could not be computed', () => {
    expect(verdictOf(line, [atLeast('ratio', NaN, 0.4)])).toMatch(/FAILED$/);
    expect(verdictOf(line, [atMost('ratio', NaN, 0.4)])).toMatch(/FAILED$/);
  });
});

describe(JsonReport.name, () => {
  it('writes one object for each benchmark line, with only the facts about that line', () => {
    const written: string[] = [];
    const report = new JsonReport((text) => written.push(text));
    report.begin();
    report.fact('speed', '3/s');
    report.end(line, [atLeast('ratio', 1, 2)]);
    report.begin();
    report.end(line, []);
    expect(written.map((text) => JSON.parse(text) as unknown)).toEqual([
      {
        line: 'P0',
        ok: false,
        goals: [{ name: 'ratio', value: 1, comparison: '>=', target: 2, ok: false }],
        facts: { speed: '3/s' },
      },
      { line: 'P0', ok: true, goals: [], facts: {} },
    ]);
  });
});
