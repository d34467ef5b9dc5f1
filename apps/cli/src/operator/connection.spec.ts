import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RecordingTerminal } from '../../test/recording-terminal.fixture';
import { StubApi } from '../../test/stub-api.fixture';
import { type CommandFailure, EXIT, UsageError } from '../failure';
import { failureText } from '../failure-text';
import { ProcessList } from '../stack/process-list';
import { connect } from './connection';

describe(connect.name, () => {
  const directory = mkdtempSync(join(tmpdir(), 'atlas-connection-'));
  const keyFile = join(directory, 'key');
  let terminal: RecordingTerminal;
  let api: StubApi;

  beforeAll(async () => {
    api = await StubApi.start();
    api.answers = { 'GET /api/tenants/acme': [{ body: {} }] };
    writeFileSync(keyFile, 'aok_of_the_file\n');
  });
  beforeEach(() => (terminal = new RecordingTerminal()));
  afterAll(() => {
    api.stop();
    rmSync(directory, { recursive: true });
  });

  const to = (values: Record<string, string>, env: NodeJS.ProcessEnv) =>
    connect({ values, isJson: false }, { env, directory }, terminal);
  /** The error shown when the connection is refused. */
  const complaint = (values: Record<string, string>, env: NodeJS.ProcessEnv): string => {
    try {
      to(values, env);
      return '';
    } catch (error) {
      return failureText(error as CommandFailure);
    }
  };
  const keySent = async (values: Record<string, string>, env: NodeJS.ProcessEnv) => {
    await to(values, env).call('GET /api/tenants/:id_or_slug', { path: { id_or_slug: 'acme' } });
    return api.calls.at(-1)?.key;
  };

  it('takes the address and key from the environment or from options', async () => {
    expect(await keySent({}, { ATLAS_URL: `${api.url}/`, ATLAS_API_KEY: 'aok_of_the_shell' })).toBe(
      'Bearer aok_of_the_shell',
    );
    expect(await keySent({ url: api.url, 'key-file': keyFile }, { ATLAS_API_KEY: 'aok_other' })).toBe(
      'Bearer aok_of_the_file',
    );
  });

  it.each(['https://ann:S3CRET@cp.example', 'http://ann:S3CRET@127.0.0.1:1', 'ftp://ann:S3CRET@cp.example'])(
    'refuses the address %s without repeating its password',
    (url) => {
      expect(complaint({ url }, {})).toContain('contains a user name or a password');
      expect(complaint({}, { ATLAS_URL: url, ATLAS_API_KEY: 'aok_x' })).not.toContain('S3CRET');
    },
  );

  it('refuses an empty address', () => {
    expect(complaint({ url: '' }, {})).toContain('"" is not an http(s) URL.');
  });

  it('uses the local stack if it is running, or else says how to specify a Control Plane', async () => {
    expect(complaint({}, {})).toMatch(
      /data\/dev-stack\.json does not.*\n.*npm start.*ATLAS_URL and ATLAS_API_KEY/,
    );
    mkdirSync(join(directory, 'data'));
    const devStack = { control_plane: { url: api.url, api_key: 'aok_of_the_stack' } };
    writeFileSync(join(directory, 'data/dev-stack.json'), JSON.stringify(devStack));
    expect(await keySent({}, {})).toBe('Bearer aok_of_the_stack');
    expect(terminal.complaints).toContain(`local stack at ${api.url}`);
    expect(terminal.complaints).not.toContain('aok_of_the_stack');
  });

  it('finds a local stack in another data folder, and prefers --data-dir to ATLAS_URL', async () => {
    const elsewhere = join(directory, 'elsewhere');
    mkdirSync(elsewhere);
    const devStack = { control_plane: { url: api.url, api_key: 'aok_elsewhere' } };
    writeFileSync(join(elsewhere, 'dev-stack.json'), JSON.stringify(devStack));
    expect(await keySent({}, { ATLAS_DATA_DIR: 'elsewhere' })).toBe('Bearer aok_elsewhere');
    const shell = { ATLAS_URL: 'https://cp.example.com', ATLAS_API_KEY: 'aok_shell' };
    expect(await keySent({ 'data-dir': elsewhere }, shell)).toBe('Bearer aok_elsewhere');
    expect(() => to({ 'data-dir': elsewhere, url: api.url }, {})).toThrow(/Leave out --url/);
    expect(complaint({ 'data-dir': 'nowhere' }, {})).toMatch(
      /nowhere\/dev-stack\.json does not.*\n.*npm start/,
    );
  });

  it('says that the local stack is not running, and how to start it', async () => {
    const stopped = join(directory, 'stopped');
    mkdirSync(stopped);
    const devStack = { control_plane: { url: 'http://127.0.0.1:1', api_key: 'aok_stopped' } };
    writeFileSync(join(stopped, 'dev-stack.json'), JSON.stringify(devStack));
    const failure = () => to({ 'data-dir': 'stopped' }, {}).call('GET /api/tenants');
    await expect(failure()).rejects.toMatchObject({
      exitCode: EXIT.noAccess,
      message: expect.stringMatching(
        /from http:\/\/127\.0\.0\.1:1: .+\. The local stack in stopped is not running\.$/,
      ) as string,
      hint: 'Start it: npm start -- --data-dir stopped',
    });
    // If the stack is running, the error refers to its log.
    new ProcessList(join(stopped, 'pids.json')).add('control-plane', process.pid);
    await expect(failure()).rejects.toMatchObject({
      message: expect.stringMatching(/is running.*not ready\.$/) as string,
      hint: 'Its log says why: stopped/logs/control-plane.log',
    });
  });

  it('says what to wait for while the local stack is still starting', () => {
    mkdirSync(join(directory, 'starting'));
    new ProcessList(join(directory, 'starting/pids.json')).add('control-plane', process.pid);
    expect(complaint({ 'data-dir': 'starting' }, {})).toBe(
      'The local stack in starting is still starting.\nWait until npm start shows its addresses, ' +
        'then run this again.\n',
    );
  });

  it('waits for a response as long as --timeout allows, and says how to wait longer', async () => {
    api.answers['POST /api/reconcile'] = [{ hangs: true }];
    const slow = to({ timeout: '1' }, { ATLAS_URL: api.url, ATLAS_API_KEY: 'aok_x' }).call(
      'POST /api/reconcile',
    );
    await expect(slow).rejects.toMatchObject({
      exitCode: EXIT.noAccess,
      message:
        `${api.url} did not respond to POST /api/reconcile within 1 s. The request may still have ` +
        'succeeded, so check before you repeat it.',
      hint: 'To wait longer, pass --timeout <seconds>.',
    });
    for (const timeout of ['0', '86401', '999999999'])
      expect(() => to({ timeout }, {})).toThrow(`--timeout is ${timeout}, but must be 1 to 86400.`);
  });

  it.each([
    [{ ATLAS_URL: 'https://cp.example.com' }, 'ATLAS_API_KEY'],
    [{ ATLAS_API_KEY: 'aok_x' }, 'ATLAS_URL'],
    [{ ATLAS_URL: 'http://cp.example.com', ATLAS_API_KEY: 'aok_x' }, 'Use https'],
    [{ ATLAS_URL: 'cp.example.com', ATLAS_API_KEY: 'aok_x' }, 'is not an http(s) URL'],
    [
      { ATLAS_URL: 'https://cp.example.com', ATLAS_API_KEY: 'two words' },
      'ATLAS_API_KEY does not contain a valid API key',
    ],
  ])('refuses the environment %j', (env, reason) => {
    expect(() => to({}, env)).toThrow(UsageError);
    expect(complaint({}, env)).toContain(reason);
  });

  it('names the key file that it cannot read', () => {
    expect(() => to({ url: api.url, 'key-file': '/nowhere/key' }, {})).toThrow('/nowhere/key');
  });
});
