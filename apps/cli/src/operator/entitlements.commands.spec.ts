import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ENTITLEMENTS_OF_PLANS } from '@atlas/tenancy';
import { atlasWith } from '../../test/program.fixture';
import { RecordingTerminal } from '../../test/recording-terminal.fixture';
import { StubApi } from '../../test/stub-api.fixture';
import { tenantView } from '../../test/views.fixture';
import { runCommandLine } from '../command-line';
import { LEASE } from './lease.command';
import { REAL_SURROUNDINGS, asCommand } from './operator-command';
import { PLANS } from './plans.command';
import { USAGE } from './usage.command';

describe('atlas', () => {
  const directory = mkdtempSync(join(tmpdir(), 'atlas-lease-'));
  let api: StubApi;
  let terminal: RecordingTerminal;
  beforeAll(async () => (api = await StubApi.start()));
  beforeEach(() => {
    terminal = new RecordingTerminal();
    api.calls.length = 0;
    api.answers = { 'GET /api/tenants/acme': [{ body: tenantView({ slug: 'acme' }) }] };
  });
  afterAll(() => {
    api.stop();
    rmSync(directory, { recursive: true });
  });

  const atlas = (...words: string[]): Promise<number> => {
    const env = { ATLAS_URL: api.url, ATLAS_API_KEY: 'aok_key' };
    const surroundings = { ...REAL_SURROUNDINGS, env, directory, timeZone: 'UTC' };
    const commands = [PLANS, LEASE, USAGE].map((command) => asCommand(command, terminal, surroundings));
    return runCommandLine(words, atlasWith(...commands), terminal);
  };

  it('lists the plans with their limits and modules', async () => {
    const core = { key: 'core', ...ENTITLEMENTS_OF_PLANS.core };
    api.answers['GET /api/plans'] = [{ body: [core] }];
    expect(await atlas('plans')).toBe(0);
    expect(terminal.written).toMatch(
      /^PLAN +USERS +DATA SOURCES .* MODULES\ncore +100 +10 .* incidents cmdb .*\n$/,
    );
    terminal.written = '';
    expect(await atlas('plans', '--json')).toBe(0);
    expect(JSON.parse(terminal.written)).toEqual(core);
  });

  describe('usage', () => {
    const days = [
      { day: '2026-11-29', amounts: { alerts: 2 } },
      { day: '2026-11-30', amounts: { alerts: 3, ai_tokens: 1200 } },
    ];
    const view = { month: '2026-11', days, total: { alerts: 5, ai_tokens: 1200 } };

    it('shows each day and the total', async () => {
      api.answers['GET /api/tenants/tenant-1/usage?month=2026-11'] = [{ body: view }];
      expect(await atlas('usage', 'acme', '--month', '2026-11')).toBe(0);
      expect(terminal.written).toBe(
        'DAY         AI TOKENS  ALERTS\n' +
          '2026-11-29  -          2\n' +
          '2026-11-30  1200       3\n' +
          'total       1200       5\n',
      );
    });

    it('says if there is none', async () => {
      api.answers['GET /api/tenants/tenant-1/usage'] = [{ body: { month: '2026-12', days: [], total: {} } }];
      expect(await atlas('usage', 'acme')).toBe(0);
      expect(terminal.written).toBe('The tenant plane of acme has reported no usage for 2026-12.\n');
    });

    it('names the option whose value the Control Plane refuses', async () => {
      const errors = [{ field: 'month', message: 'month must be a month such as 2026-11' }];
      const body = { code: 'validation_failed', detail: 'No.', errors };
      api.answers['GET /api/tenants/tenant-1/usage?month=november'] = [{ status: 400, body }];
      expect(await atlas('usage', 'acme', '--month', 'november')).toBe(1);
      expect(terminal.complaints).toContain('- --month must be a month such as 2026-11\n');
    });
  });

  describe('lease', () => {
    const ROUTE = 'POST /api/tenants/tenant-1/lease';
    const lease = {
      tenant_id: 'tenant-1',
      tenant_plane_id: 'plane-1',
      serial: 1_798_000_000_000,
      issued_at: '2026-12-23T04:26:40.000Z',
      expires_at: '2027-12-23T04:26:40.000Z',
      lease: 'eyJ.eyJ.sig',
    };

    it('saves the lease to a file that only its owner can read', async () => {
      api.answers[ROUTE] = [{ body: lease }];
      expect(await atlas('lease', 'acme', '--days', '365', '--out', 'acme.json')).toBe(0);
      expect(api.calls.at(-1)).toMatchObject({ call: ROUTE, body: { valid_days: 365 } });
      const file = join(directory, 'acme.json');
      expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual(lease);
      expect(statSync(file).mode & 0o777).toBe(0o600);
      expect(terminal.written).toContain('valid until Thu, 23 Dec 2027');
      expect(terminal.written).toContain('atlas-tp lease load --file acme.json\n');
    });

    it('issues none if the file exists', async () => {
      writeFileSync(join(directory, 'taken.json'), 'mine');
      expect(await atlas('lease', 'acme', '--out', 'taken.json')).toBe(1);
      expect(readFileSync(join(directory, 'taken.json'), 'utf8')).toBe('mine');
      expect(terminal.complaints).toBe('taken.json already exists.\nChoose another file.\n');
      expect(api.calls).toEqual([]);
    });
  });
});
