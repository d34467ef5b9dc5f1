import { parseEnvFile } from './env-file';

describe(parseEnvFile.name, () => {
  it.each([
    ['A=1', { A: '1' }],
    ['  A = 1  ', { A: '1' }],
    ['export A=1', { A: '1' }],
    ['A="1 2"', { A: '1 2' }],
    ["A='1'", { A: '1' }],
    [`A="it's"`, { A: "it's" }],
    ['A="half', { A: '"half' }],
    ['A=postgres://u:p#ss@db/x?a=b', { A: 'postgres://u:p#ss@db/x?a=b' }],
    ['A=1\r\nB=2\r\n', { A: '1', B: '2' }],
    ['\uFEFFA=1', { A: '1' }],
    ['A=1\nA=2', { A: '2' }],
    ['# A=1\n\n   \n  # B=2', {}],
    ['A=\nB=""', {}],
    ['TENANT_PLANE_DATABASE_URL=# a Postgres URL, or a SQLite file path', {}],
  ])('reads %j', (text, variables) => {
    expect(parseEnvFile(text)).toEqual(variables);
  });

  it.each(['A', '1A=1', 'A B=1', '- A=1'])(
    'refuses the line %j, giving its number but not its text',
    (line) => {
      const read = (): unknown => parseEnvFile(`# first\n${line}`);
      expect(read).toThrow('Line 2 does not have the form NAME=value.');
    },
  );
});
