import { readCommandLine } from './command-line';
import { type Line } from './line';

const lines: Line[] = ['P1', 'P2'].map((name) => ({ name, title: name, measure: () => Promise.resolve([]) }));

describe('readCommandLine', () => {
  it('selects every benchmark line if none is named', () => {
    expect(readCommandLine([], lines)).toMatchObject({ lines, isQuick: false, isJson: false });
  });
  it('selects the named benchmark lines, regardless of case', () => {
    expect(readCommandLine(['p2', '--quick', '--json'], lines)).toMatchObject({
      lines: [lines[1]],
      isQuick: true,
      isJson: true,
    });
  });
  it.each([['P9'], ['--fast']])('rejects %s and shows the usage', (word) => {
    expect(readCommandLine([word], lines)).toMatchObject({ code: 2, usage: expect.stringContaining(word) });
  });
});
