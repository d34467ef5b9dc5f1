import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { atlasWith } from '../../test/program.fixture';
import { RecordingTerminal } from '../../test/recording-terminal.fixture';
import { StubApi } from '../../test/stub-api.fixture';
import { runCommandLine } from '../command-line';
import { operatorCommands } from './commands';
import { AI_PROVIDERS, AI_USAGE } from './ai.commands';
import { operationCommand } from './operation.command';
import { AI_OPERATIONS } from './operations/ai-operations';
import { REAL_SURROUNDINGS, asCommand } from './operator-command';

const AT = '2030-01-01T00:00:00.000Z';
const ID = '01b00000-0000-7000-8000-000000000001';
const TENANT_ID = '01b00000-0000-7000-8000-000000000002';
const KEY = 'sk-a-secret-key';
const PROVIDER = {
  id: ID,
  name: 'Local',
  kind: 'openai_compatible',
  base_url: 'http://10.0.0.7:8000/v1',
  models: { core: ['small'], operations: ['small', 'large'], enterprise: [] },
  order: 1,
  enabled: true,
  reasoning_tokens: 8000,
  has_key: true,
  created_at: AT,
  updated_at: AT,
};
const USAGE = {
  tenant_id: TENANT_ID,
  month: '2030-01',
  credits_limit: 500,
  credits_used: 1.5,
  credits_reserved: 4.2,
  prompt_tokens: 1000,
  completion_tokens: 500,
  lost_tokens: 0,
  questions: 3,
  estimated_questions: 1,
};
const ADD = ['ai-providers', 'add', '--name', 'Local', '--kind', 'openai_compatible'];
const AT_URL = ['--base-url', PROVIDER.base_url];

describe('atlas ai', () => {
  let api: StubApi;
  let terminal: RecordingTerminal;
  let folder: string;
  beforeAll(async () => {
    api = await StubApi.start();
    folder = mkdtempSync(join(tmpdir(), 'atlas-ai-'));
    writeFileSync(join(folder, 'key.txt'), `${KEY}\n`);
  });
  beforeEach(() => {
    terminal = new RecordingTerminal();
    api.calls.length = 0;
    api.answers = {
      'GET /api/ai/providers': [{ body: { items: [PROVIDER, { ...PROVIDER, id: 'other', name: 'Other' }] } }],
      'POST /api/ai/providers': [{ status: 201, body: PROVIDER }],
      [`PATCH /api/ai/providers/${ID}`]: [{ body: PROVIDER }],
      [`DELETE /api/ai/providers/${ID}`]: [{ status: 204 }],
      'GET /api/tenants/acme': [{ body: { id: TENANT_ID, slug: 'acme' } }],
      [`GET /api/ai/usage?tenant_id=${TENANT_ID}`]: [{ body: USAGE }],
      [`GET /api/ai/usage?tenant_id=${TENANT_ID}&month=2029-12`]: [{ body: { ...USAGE, month: '2029-12' } }],
    };
  });
  afterAll(() => {
    api.stop();
    rmSync(folder, { recursive: true });
  });

  const atlas = (...words: string[]): Promise<number> => {
    const env = { ATLAS_URL: api.url, ATLAS_API_KEY: 'aok_key' };
    const commands = [AI_PROVIDERS, AI_USAGE, ...AI_OPERATIONS.map(operationCommand)];
    const own = commands.map((command) => asCommand(command, terminal, { ...REAL_SURROUNDINGS, env }));
    return runCommandLine(words, atlasWith(...own), terminal);
  };
  const sent = (): unknown => api.calls.at(-1);

  it('are among the commands', () => {
    const names = operatorCommands(terminal).map(({ name }) => name);
    const providers = ['list', 'add', 'change', 'remove'].map((name) => `ai-providers ${name}`);
    expect(names).toEqual(expect.arrayContaining([...providers, 'ai-usage']));
  });

  it('list the providers in their order, without keys', async () => {
    expect(await atlas('ai-providers', 'list')).toBe(0);
    expect(terminal.written).toMatch(/^ORDER +NAME +STATE/);
    expect(terminal.written).toMatch(
      /\n1 +Local +on +openai_compatible +stored +8000 +core=small;operations=small,large +http/,
    );
    terminal.written = '';
    expect(await atlas('ai-providers', 'list', '--json')).toBe(0);
    expect(JSON.parse(terminal.written.split('\n')[0] ?? '')).toEqual(PROVIDER);
  });

  it('add a provider with a key from a file, which is never shown', async () => {
    const models = ['--models', 'core=small; operations=small,large'];
    const others = ['--order', '1', '--reasoning-tokens', '8000', '--disabled'];
    const key = ['--provider-key-file', join(folder, 'key.txt')];
    expect(await atlas(...ADD, ...AT_URL, ...models, ...key, ...others)).toBe(0);
    expect(sent()).toMatchObject({
      call: 'POST /api/ai/providers',
      // The key with which the operator calls, which has an option of its own.
      key: 'Bearer aok_key',
      body: {
        name: 'Local',
        kind: 'openai_compatible',
        base_url: PROVIDER.base_url,
        models: { core: ['small'], operations: ['small', 'large'] },
        key: KEY,
        order: 1,
        reasoning_tokens: 8000,
        enabled: false,
      },
    });
    expect(terminal.written).toContain('Added.');
    expect(terminal.written).not.toContain(KEY);
  });

  it.each([
    ['an unknown plan', ['--models', 'gold=small']],
    ['a plan without models', ['--models', 'core=']],
    ['a key on the command line', ['--models', 'core=a', '--key', KEY]],
    ['no models', []],
  ])('refuse %s before anything is sent', async (_, options) => {
    expect(await atlas(...ADD, ...AT_URL, ...options)).toBe(2);
    expect(api.calls).toEqual([]);
  });

  it('change a provider by its name, and remove it', async () => {
    expect(await atlas('ai-providers', 'change', 'Local', '--no-key', '--enabled')).toBe(0);
    expect(sent()).toMatchObject({
      call: `PATCH /api/ai/providers/${ID}`,
      body: { key: null, enabled: true },
    });
    expect(await atlas('ai-providers', 'change', 'Local')).toBe(2);
    expect(await atlas('ai-providers', 'change', 'Local', '--enabled', '--disabled')).toBe(2);
    expect(await atlas('ai-providers', 'remove', ID)).toBe(0);
    expect(sent()).toMatchObject({ call: `DELETE /api/ai/providers/${ID}` });
    api.calls.length = 0;
    expect(await atlas('ai-providers', 'remove', 'Nobody')).toBe(1);
    expect(api.calls.map(({ call }) => call)).toEqual(['GET /api/ai/providers']);
  });

  it('show what a tenant has used in a month', async () => {
    expect(await atlas('ai-usage', 'acme')).toBe(0);
    expect(terminal.written).toMatch(/credits used +1\.5 of 500\n/);
    expect(await atlas('ai-usage', 'acme', '--month', '2029-12', '--json')).toBe(0);
    expect(terminal.written).toContain('{"tenant_id"');
    expect(terminal.written).toContain('"month":"2029-12"');
  });
});
