import { RecordingTerminal } from '../../test/recording-terminal.fixture';
import { StubApi } from '../../test/stub-api.fixture';
import { tenantView } from '../../test/views.fixture';
import { runCommandLine } from '../command-line';
import { REAL_SURROUNDINGS, asCommand } from './operator-command';
import { TENANT } from './tenant.command';

describe('tenant', () => {
  let api: StubApi;
  beforeAll(async () => (api = await StubApi.start()));
  afterAll(() => api.stop());

  it('shows the purchase order', async () => {
    const none = { body: { items: [], next_cursor: null } };
    api.answers = {
      'GET /api/tenants/demo': [{ body: tenantView({ po_number: 'PO-1234' }) }],
      'GET /api/provisioning-jobs?tenant_id=tenant-1&limit=1': [none],
    };
    const terminal = new RecordingTerminal();
    const surroundings = { ...REAL_SURROUNDINGS, env: { ATLAS_URL: api.url, ATLAS_API_KEY: 'aok_key' } };
    const command = asCommand(TENANT, terminal, surroundings);
    expect(await runCommandLine(['tenant', 'demo'], [command], terminal)).toBe(0);
    expect(terminal.written).toMatch(/^ *purchase order +PO-1234$/m);
  });
});
