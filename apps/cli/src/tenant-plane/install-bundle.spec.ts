import { parseEnvFile } from './env-file';
import { envLinesOf } from './install-bundle';

const ENV = { CONTROL_PLANE_BASE_URL: 'https://cp', TENANT_PLANE_DATABASE_URL: '# a Postgres URL' };

describe(envLinesOf.name, () => {
  it.each([
    ['a provisioning answer', { tenant: {}, install: { token: 't', env: ENV } }],
    ['a bundle', { token: 't', env: ENV }],
  ])('writes the lines of %s as they are read', (_, answer) => {
    const lines = envLinesOf(JSON.stringify(answer));
    expect(lines).toBe('CONTROL_PLANE_BASE_URL=https://cp\nTENANT_PLANE_DATABASE_URL=# a Postgres URL\n');
    expect(parseEnvFile(lines)).toEqual({ CONTROL_PLANE_BASE_URL: 'https://cp' });
  });

  it.each([
    '',
    '[]',
    'null',
    '{"install":null}',
    '{"env":{}}',
    '{"env":{"A":"1\\nB=2"}}',
    '{"env":{"a b":"1"}}',
  ])('refuses %j', (json) => {
    expect(() => envLinesOf(json)).toThrow();
  });
});
