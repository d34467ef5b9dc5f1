import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CHAIN_START, type SealedAuditRecord, linkBehind } from '@atlas/platform/audit-chain';
import { atlasWith } from '../../test/program.fixture';
import { RecordingTerminal } from '../../test/recording-terminal.fixture';
import { StubApi } from '../../test/stub-api.fixture';
import { runCommandLine } from '../command-line';
import { AUDIT_EXPORT, AUDIT_VERIFY } from './audit-chain.commands';
import { AUDIT } from './audit.command';
import { REAL_SURROUNDINGS, asCommand } from './operator-command';

const records: SealedAuditRecord[] = [];
for (const action of ['tenant.provision', 'tenant.suspend', 'tenant.resume']) {
  const record = {
    id: `event-${records.length + 1}`,
    at: '2030-01-01T00:00:00.000Z',
    action,
    actor: { kind: 'api_key', id: 'key-1' },
    target: { kind: 'tenant', id: 'tenant-1' },
    before: null,
    after: null,
    ip: '127.0.0.1',
    trace_id: null,
  };
  records.push({ ...record, ...linkBehind(records.at(-1) ?? CHAIN_START, record) });
}
const [first, second, third] = records as [SealedAuditRecord, SealedAuditRecord, SealedAuditRecord];
const since = ({ position, hash }: SealedAuditRecord): string[] => ['--since', `${position}:${hash}`];

describe('the audit trail', () => {
  const directory = mkdtempSync(join(tmpdir(), 'atlas-audit-'));
  let api: StubApi;
  let terminal: RecordingTerminal;
  beforeAll(async () => (api = await StubApi.start()));
  beforeEach(() => (terminal = new RecordingTerminal()));
  afterAll(() => {
    api.stop();
    rmSync(directory, { recursive: true });
  });

  const served = (...shown: SealedAuditRecord[]): void => {
    const [one, ...others] = shown;
    const listed = shown.map((record) => ({ ...record, tenant_slug: 'acme' }));
    api.answers = {
      'GET /api/audit?limit=200': [{ body: { items: listed, next_cursor: null } }],
      'GET /api/audit/chain?limit=200&cursor=0': [{ body: { items: [one], next_cursor: '1' } }],
      'GET /api/audit/chain?limit=200&cursor=1': [{ body: { items: others, next_cursor: null } }],
    };
  };
  let env: NodeJS.ProcessEnv;
  beforeEach(() => (env = { ATLAS_URL: api.url, ATLAS_API_KEY: 'aok_key' }));
  const atlas = (...words: string[]): Promise<number> => {
    const surroundings = { ...REAL_SURROUNDINGS, env, directory };
    const commands = [AUDIT_EXPORT, AUDIT_VERIFY, AUDIT].map((command) =>
      asCommand(command, terminal, surroundings),
    );
    return runCommandLine(words, atlasWith(...commands), terminal);
  };

  it('is listed with the slug of each tenant', async () => {
    served(first, second, third);
    expect(await atlas('audit')).toBe(0);
    expect(terminal.written).toMatch(
      /^AT .*\n2030-\S+ +tenant\.provision +acme +tenant tenant-1 +api_key key-1 +127\.0\.0\.1\n/,
    );
  });

  it('cannot be listed with a limit of 0', async () => {
    served(first);
    expect(await atlas('audit', '--limit', '0')).toBe(2);
    expect(terminal.complaints).toContain('--limit must be at least 1.');
  });

  it('is exported to a file that can be verified without a Control Plane', async () => {
    served(first, second, third);
    expect(await atlas('audit', 'export')).toBe(0);
    const file = join(directory, 'audit.ndjson');
    writeFileSync(file, terminal.written);
    env = {};
    terminal.written = '';
    expect(await atlas('audit', 'verify', '--file', file, ...since(second))).toBe(0);
    expect(terminal.written).toBe(`2 entries are unchanged.\n3:${third.hash}\n`);
  });

  it('is verified page by page, and the output names the last entry', async () => {
    served(first, second, third);
    expect(await atlas('audit', 'verify', '--json')).toBe(0);
    expect(JSON.parse(terminal.written)).toEqual({ checked: 3, position: 3, hash: third.hash });
  });

  it.each<[string, SealedAuditRecord[], string[], string]>([
    [
      'changed',
      [first, { ...second, ip: '10.0.0.1' }, third],
      [],
      'entry 2 (tenant.suspend) does not match its seal',
    ],
    ['missing an entry', [first, third], [], 'entry 2 is missing'],
    ['truncated', [first], since(second), 'it is truncated before entry 2'],
    [
      'rebuilt',
      [first, { ...second, hash: 'f'.repeat(64) }],
      since(second),
      'entry 2 does not have the given hash',
    ],
  ])('is reported as broken when it is %s', async (_, shown, words, reason) => {
    served(...shown);
    expect(await atlas('audit', 'verify', ...words)).toBe(1);
    expect(terminal.complaints).toContain(`The audit trail is broken: ${reason}`);
  });

  it.each([
    ['nowhere.ndjson', undefined, 'Cannot read'],
    ['other.ndjson', '{"position":', 'is not an audit export'],
  ])(
    'cannot be verified from a file that is missing or not an audit export: %s',
    async (name, content, reason) => {
      const file = join(directory, name);
      if (content) writeFileSync(file, content);
      expect(await atlas('audit', 'verify', '--file', file)).toBe(2);
      expect(terminal.complaints).toContain(reason);
    },
  );

  it('is not verified if --since is malformed', async () => {
    expect(await atlas('audit', 'verify', '--since', '12')).toBe(2);
    expect(terminal.complaints).toContain('<position>:<hash>');
  });
});
