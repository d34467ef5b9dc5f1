import { execFileSync } from 'node:child_process';
import { durationText, onOneLine, shellWord, tableText } from './text';

describe(durationText.name, () => {
  it.each([
    [-5, '0 ms'],
    [12, '12 ms'],
    [1234, '1.2 s'],
    [61_000, '1 min 1 s'],
    [3_720_000, '1 h 2 min'],
    [183_600_000, '2 d 3 h'],
  ])('shows %d ms as %s', (ms, text) => {
    expect(durationText(ms)).toBe(text);
  });
});

describe(onOneLine.name, () => {
  it('replaces control characters with spaces', () => {
    expect(onOneLine('a\u001b[2Jb\r\nc')).toBe('a [2Jb c');
  });
});

describe(shellWord.name, () => {
  it.each(['data', '/srv/atlas-1/my_data.d', '../a+b@c'])('leaves %s unquoted', (text) => {
    expect(shellWord(text)).toBe(text);
  });

  it.each(['', 'my data', "it's", '$HOME', '~', 'a;b', '`id`', '"', '\\', '*', 'Übung'])(
    'quotes "%s" so that the shell reads one word',
    (text) => {
      expect(shellWord(text)).toMatch(/^'/);
      expect(String(execFileSync('sh', ['-c', `printf '<%s>' ${shellWord(text)}`]))).toBe(`<${text}>`);
    },
  );
});

describe(tableText.name, () => {
  it('writes one line per row, aligned below the titles', () => {
    const columns = [
      { title: 'slug', of: ({ slug }: { slug: string }) => slug },
      { title: 'region', of: () => null },
    ];
    expect(tableText(columns, [{ slug: 'acme-corp' }, { slug: 'x' }]).split('\n')).toEqual([
      'SLUG       REGION',
      'acme-corp  -',
      'x          -',
      '',
    ]);
  });
});
