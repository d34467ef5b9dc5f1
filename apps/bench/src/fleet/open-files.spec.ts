import { openFilesIn, requireOpenFiles } from './open-files';

const limitsWith = (hard: string): string =>
  `Limit                     Soft Limit           Hard Limit           Units
Max processes             7823                 7823                 processes
Max open files            1024                 ${hard.padEnd(20)} files
`;

describe(openFilesIn.name, () => {
  it('reads the hard limit', () => {
    expect(openFilesIn(limitsWith('20000'))).toBe(20_000);
    expect(openFilesIn(limitsWith('unlimited'))).toBe(Infinity);
  });
});

describe(requireOpenFiles.name, () => {
  it('says how to raise the limit', () => {
    expect(() => requireOpenFiles(0)).not.toThrow();
    const wanted = 2 ** 40 + 500;
    expect(() => requireOpenFiles(2 ** 40)).toThrow(`prlimit --pid $$ --nofile=${wanted}:${wanted}`);
  });
});
