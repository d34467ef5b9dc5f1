import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type DevStack } from './dev-stack-file';
import { curlLine, jsonSummary, proseSummary } from './stack-summary';

const SECRETS = ['operator-password', 'aok_key', 'admin-password', 'atu_token'] as const;
const devStack: DevStack = {
  control_plane: {
    url: 'http://127.0.0.1:4100',
    operator_email: 'owner@example.com',
    operator_password: SECRETS[0],
    api_key: SECRETS[1],
  },
  tenant_plane: { url: 'http://127.0.0.1:4200', tenant_plane_id: 'plane-1' },
  demo_tenant: {
    id: 'tenant-1',
    slug: 'demo',
    url: 'http://demo.localhost:4200',
    admin_email: 'admin@demo.example.com',
    admin_password: SECRETS[2],
    token: SECRETS[3],
  },
};

describe(curlLine.name, () => {
  it.each(['data', "Ann's $HOME"])(
    'returns a shell command that sends the token from the folder %s',
    (name) => {
      const folder = mkdtempSync(join(tmpdir(), 'atlas-curl-'));
      mkdirSync(join(folder, name));
      writeFileSync(join(folder, name, 'dev-stack.json'), JSON.stringify(devStack));
      const line = curlLine('http://127.0.0.1:4200', 'demo', `./${name}/dev-stack.json`);
      const words = execFileSync('sh', ['-c', `curl() { printf '%s\\n' "$@"; }\n${line}`], { cwd: folder });
      rmSync(folder, { recursive: true });
      expect(line).not.toContain('\n');
      expect(String(words).trim().split('\n')).toEqual([
        '-sS',
        'http://127.0.0.1:4200/api/incidents',
        '-H',
        'x-tenant-id: demo',
        '-H',
        'authorization: Bearer atu_token',
        '-H',
        'content-type: application/json',
        '-d',
        '{"title":"Disk is full on web-1","severity":"P2"}',
      ]);
    },
  );
});

describe(proseSummary.name, () => {
  const stack = { devStack, hasDemoSession: true, hasDemoStory: true };
  const prose = proseSummary(stack, '/srv/atlas/data/dev-stack.json', '/srv/atlas');

  it('says what is running, where the credentials are and how to stop everything', () => {
    const said = [
      'http://127.0.0.1:4100/docs',
      'http://demo.localhost:4200',
      './data/dev-stack.json',
      'Ctrl-C',
    ];
    for (const part of said) expect(prose).toContain(part);
  });

  it('suggests a request to the demo tenant only if its token is valid', () => {
    const without = { devStack, hasDemoSession: false, hasDemoStory: false };
    expect(prose).toContain('curl');
    expect(proseSummary(without, '/srv/atlas/data/dev-stack.json', '/srv/atlas')).not.toContain('curl');
  });

  it('says what the demo tenant contains, once it has the whole story', () => {
    expect(prose).toContain('npx atlas-tp incidents list\n');
    expect(prose).toContain('20 configuration items');
    const without = proseSummary({ ...stack, hasDemoStory: false }, '/srv/data/dev-stack.json', '/srv');
    expect(without).not.toContain('atlas-tp');
  });

  it.each([
    ['/srv/atlas', 'npx atlas tenants\n'],
    ['/srv', 'npx atlas tenants --data-dir atlas/data\n'],
    ['/srv/atlas/data', 'npx atlas tenants --data-dir .\n'],
    ['/home/me', 'npx atlas tenants --data-dir /srv/atlas/data\n'],
  ])('shows an atlas command that finds this stack from the folder %s', (directory, call) => {
    expect(proseSummary(stack, '/srv/atlas/data/dev-stack.json', directory)).toContain(call);
  });

  it('quotes a folder that the shell would split', () => {
    const summary = proseSummary(stack, "/srv/Ann's data/dev-stack.json", '/srv');
    expect(summary).toContain(`npx atlas tenants --data-dir 'Ann'\\''s data'\n`);
  });

  it.each(SECRETS)('does not reveal the secret %s', (secret) => expect(prose).not.toContain(secret));
});

describe(jsonSummary.name, () => {
  const line = jsonSummary(devStack, '/srv/atlas/data/dev-stack.json');

  it('returns one line of JSON', () => {
    expect(line.trim().split('\n')).toHaveLength(1);
    expect(JSON.parse(line)).toMatchObject({ ready: true, control_plane: { url: 'http://127.0.0.1:4100' } });
  });

  it.each(SECRETS)('does not reveal the secret %s', (secret) => expect(line).not.toContain(secret));
});
