import { atlasWith } from '../../test/program.fixture';
import { RecordingTerminal } from '../../test/recording-terminal.fixture';
import { StubApi } from '../../test/stub-api.fixture';
import { runCommandLine } from '../command-line';
import { REAL_SURROUNDINGS, asCommand } from './operator-command';
import { SEALING_KEYS } from './sealing-keys.command';

describe('sealing keys', () => {
  let api: StubApi;
  beforeAll(async () => (api = await StubApi.start()));
  afterAll(() => api.stop());

  it('are listed with instructions for each key', async () => {
    const terminal = new RecordingTerminal();
    const items = [
      { id: 'k3', seals: true, is_known: true, values: 5 },
      { id: 'k2', seals: false, is_known: true, values: 2 },
      { id: 'k1', seals: false, is_known: true, values: 0 },
      { id: 'k0', seals: false, is_known: false, values: 1 },
    ];
    api.answers = { 'GET /api/sealing-keys': [{ body: { items } }] };
    const surroundings = { ...REAL_SURROUNDINGS, env: { ATLAS_URL: api.url, ATLAS_API_KEY: 'aok_key' } };
    const command = asCommand(SEALING_KEYS, terminal, surroundings);
    expect(await runCommandLine(['sealing-keys'], atlasWith(command), terminal)).toBe(0);
    expect(terminal.written.split('\n')).toEqual([
      'KEY  VALUES  WHAT TO DO',
      'k3   5       seals new values',
      'k2   2       keep: its values are being resealed',
      'k1   0       can be removed',
      'k0   1       missing: add it to CONTROL_PLANE_SEALING_KEYS',
      '',
    ]);
  });
});
