import { atlasWith } from '../../test/program.fixture';
import { RecordingTerminal } from '../../test/recording-terminal.fixture';
import { StubApi } from '../../test/stub-api.fixture';
import { tenantView } from '../../test/views.fixture';
import { runCommandLine } from '../command-line';
import { type TenantView } from '../control-plane/views';
import { REAL_SURROUNDINGS, asCommand } from './operator-command';
import { TENANT } from './tenant.command';

describe('tenant', () => {
  let api: StubApi;
  beforeAll(async () => (api = await StubApi.start()));
  afterAll(() => api.stop());

  const shown = async (tenant: Partial<TenantView>): Promise<string> => {
    api.answers = {
      'GET /api/tenants/demo': [{ body: tenantView(tenant) }],
      'GET /api/provisioning-jobs?tenant_id=tenant-1&limit=1': [{ body: { items: [], next_cursor: null } }],
    };
    const terminal = new RecordingTerminal();
    const surroundings = {
      ...REAL_SURROUNDINGS,
      env: { ATLAS_URL: api.url, ATLAS_API_KEY: 'aok_key' },
      now: () => Date.parse('2026-12-01T10:00:00Z'),
      timeZone: 'Europe/Berlin',
    };
    const command = asCommand(TENANT, terminal, surroundings);
    expect(await runCommandLine(['tenant', 'demo'], atlasWith(command), terminal)).toBe(0);
    return terminal.written;
  };

  it('shows the purchase order', async () => {
    expect(await shown({ po_number: 'PO-1234' })).toMatch(/^ *purchase order +PO-1234$/m);
  });

  it('shows what was agreed in addition to the plan, and what is unpaid', async () => {
    const text = await shown({
      plan_overrides: { limits: { agents: 12 }, modules: ['ai_runbook_drafts'] },
      billing: {
        state: 'past_due',
        past_due_since: '2026-12-14T10:15:00Z',
        read_only_from: '2026-12-28T10:15:00Z',
      },
    });
    expect(text).toMatch(/^ *agreement +agents=12, ai_runbook_drafts$/m);
    expect(text).toMatch(
      /^ *billing +past_due, paid extras read-only from Mon,? 28 Dec 2026,? .*11:15 CET$/m,
    );
    expect(await shown({})).not.toMatch(/agreement|billing/);
  });

  it('shows since when and why the tenant is suspended', async () => {
    const suspended = { status: 'suspended', suspended_at: '2026-11-28T10:15:00Z' } as const;
    const text = await shown({ ...suspended, suspension_reason: 'unpaid' });
    expect(text).toMatch(/^ *suspended since +Sat,? 28 Nov 2026,? (at )?11:15 CET/m);
    expect(text).toMatch(/^ *suspended because +unpaid$/m);
    expect(await shown(suspended)).toMatch(/^ *suspended because +no reason was given$/m);
    expect(await shown({ ...suspended, status: 'deprovisioning' })).not.toContain('suspended');
  });

  it('shows the restore deadline in local time, and how to restore the tenant', async () => {
    const deprovisioned = { status: 'deprovisioning', restorable_until: '2026-12-28T10:15:00Z' } as const;
    const text = await shown(deprovisioned);
    expect(text).toMatch(/^ *restorable until +Mon,? 28 Dec 2026,? (at )?11:15 CET \(27 d 0 h left\)\. /m);
    expect(text).toMatch(/ left\)\. Restore it: atlas restore demo$/m);
  });

  it('says that a tenant can no longer be restored', async () => {
    const late = { status: 'deprovisioning', restorable_until: '2026-11-30T10:15:00Z' } as const;
    expect(await shown(late)).toMatch(/^ *restorable until .*has passed/m);
    expect(await shown({})).not.toContain('restorable');
  });
});
