import { parseEnvFile } from './env-file';
import { envLinesOf } from './install-bundle';

const ENV = { CONTROL_PLANE_BASE_URL: 'https://cp', TENANT_PLANE_DATABASE_URL: '# a Postgres URL' };

describe(envLinesOf.name, () => {
  it.each([
    ['a provisioning response', { tenant: {}, install: { token: 't', env: ENV } }],
    ['an install bundle', { token: 't', env: ENV }],
  ])('writes %s as lines that parseEnvFile reads', (_, answer) => {
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
