import { type DesiredTenant } from '@atlas/plane-contract';
import { EVERY_DATABASE, FixedClock } from '@atlas/testing';
import { type ArchiveManifest } from '../../src/archives/archive-manifest';
import { ImportedRows } from '../../src/archives/imported-rows';
import { fillEveryTable } from '../rows.fixture';
import { type CallOptions, TestTenantPlane } from '../tenant-plane.fixture';
import { type Files, archiveOf, imported, isEmpty, rewritten, unpacked } from './archive.fixture';

type Row = Record<string, unknown>;

describe.each(EVERY_DATABASE)('an archive that someone has altered, on %s,', (driver) => {
  let plane: TestTenantPlane;
  let files: Files;
  let target: DesiredTenant;
  let admin: CallOptions;

  beforeAll(async () => {
    plane = await TestTenantPlane.boot(driver, { clock: new FixedClock() });
    const { tenant, admin: owner } = await plane.tenantWithAdmin('source');
    await fillEveryTable(plane, tenant);
    files = unpacked(await archiveOf(plane, owner));
    ({ tenant: target, admin } = await plane.tenantWithAdmin('target'));
  });
  afterAll(() => plane.close());

  const withRows = (table: string, changes: Row): Buffer =>
    rewritten(files, table, (rows) => rows.map((row) => ({ ...row, ...changes })));
  const nested = (depth: number): unknown => JSON.parse('['.repeat(depth) + ']'.repeat(depth));

  it.each<[string, string, Row]>([
    ['a time that is none', 'incidents', { created_at: 'yesterday' }],
    ['a time spelled otherwise', 'incidents', { created_at: '2030-01-01T00:00:00+00:00' }],
    ['a time that SQLite would order wrongly', 'incidents', { sla_due_at: '+012030-01-01T00:00:00.000Z' }],
    ['a time before our era', 'incidents', { sla_due_at: '-000001-01-01T00:00:00.000Z' }],
    ['a number in place of a time', 'incidents', { created_at: 5 }],
    ['an integer that is too large for Postgres', 'incidents', { alert_count: 2 ** 31 }],
    ['a fraction', 'incidents', { alert_count: 0.5 }],
    ['a text in place of a number', 'incidents', { alert_count: '1' }],
    ['a number in place of a text', 'incidents', { title: 1 }],
    ['a list in place of a text', 'incidents', { title: ['x'] }],
    ['a number in place of a flag', 'data_sources', { enabled: 1 }],
    ['no value where one is required', 'incidents', { title: null }],
    ['an id that is none', 'incidents', { assignee_id: 'nobody' }],
    ['an id in capital letters', 'incidents', { assignee_id: '01890A5D-AC96-774B-BCCE-B302099A8057' }],
    ['the character U+0000 in a text', 'incidents', { title: 'a\u0000b' }],
    ['the character U+0000 in a value', 'configuration_items', { attributes: { a: ['\u0000'] } }],
    ['the character U+0000 in a name', 'configuration_items', { attributes: { '\u0000': 1 } }],
    ['half a character', 'incidents', { title: '\ud83d' }],
    ['half a character in a value', 'configuration_items', { attributes: { a: '\ud83d' } }],
    ['a value nested a hundred times', 'configuration_items', { attributes: nested(100) }],
    ['the character U+0000 in a user', 'users', { name: 'a\u0000b' }],
    ['a user with a time that is none', 'users', { created_at: '1' }],
    ['an incident with a status that none leads out of', 'incidents', { status: 'constructor' }],
    ['an incident with an unknown severity', 'incidents', { severity: 'P9' }],
    ['an incident with half a policy', 'incidents', { sla_policy: { P1: { response_minutes: 5 } } }],
    ['an incident with a number of another kind', 'incidents', { number: 'INC-1' }],
    ['a timeline without room', 'incidents', { timeline_length: 2 ** 31 - 1 }],
    ['an event that is no object', 'incident_timeline', { data: ['x'] }],
    ['attributes that are no object', 'configuration_items', { attributes: ['x'] }],
    ['an item with an unknown status', 'configuration_items', { status: 'x' }],
    ['a relationship of an unknown type', 'ci_relationships', { type: 'x' }],
    ['a service level of no time', 'sla_targets', { response_minutes: 0 }],
    ['a silence that is no list', 'silences', { matchers: {} }],
    ['a silence with half a matcher', 'silences', { matchers: [{ name: 'x' }] }],
    ['an alert whose label is no text', 'alerts', { labels: { x: {} } }],
    ['an alert that cannot be counted anymore', 'alerts', { count: 2 ** 31 - 1 }],
    ['a data source of an unknown kind', 'data_sources', { kind: 'x' }],
    ['an objective of 1', 'slos', { objective: 1 }],
    ['an objective with an unknown indicator', 'slos', { indicator: { kind: 'x' } }],
    ['a runbook without another version', 'runbooks', { version: 2 ** 31 - 1 }],
    ['a runbook without steps', 'runbook_versions', { definition: { name: 'x', parameters: [] } }],
    ['a step of an unknown risk', 'automation_steps', { risk: 'x' }],
    ['a step whose config is no object', 'automation_steps', { config: 5 }],
    ['an unknown level of autonomy', 'automation_policies', { level: 6 }],
    ['a counter below zero', 'tenant_counters', { value: -1 }],
    ['a counter at its end', 'tenant_counters', { value: Number.MAX_SAFE_INTEGER }],
  ])('is refused before anything is stored: %s', async (_, table, changes) => {
    const store = jest.spyOn(ImportedRows.prototype, 'store');
    const { status, failure } = await imported(plane, withRows(table, changes), admin);
    expect({ status, code: failure?.code }).toEqual({ status: 'failed', code: 'archive_rows_refused' });
    expect(store.mock.calls.length).toBe(0);
    store.mockRestore();
    expect(await isEmpty(plane, target)).toBe(true);
  });

  it.each<[string, string, Row]>([
    ['events after the end of their timeline', 'incidents', { timeline_length: 0 }],
    ['numbers that will be given again', 'tenant_counters', { value: 1 }],
  ])('is refused if its rows disagree, so that later changes would fail: %s', async (_, table, changes) => {
    const { status, failure } = await imported(plane, withRows(table, changes), admin);
    expect({ status, code: failure?.code }).toEqual({ status: 'failed', code: 'archive_rows_refused' });
    expect(await isEmpty(plane, target)).toBe(true);
  });

  const asTold = (change: (manifest: ArchiveManifest) => object): Buffer =>
    rewritten(files, 'incidents', (rows) => rows, change);
  const long = 'x'.repeat(500_000);

  it.each<[string, (manifest: ArchiveManifest) => object]>([
    ['the name of a table with U+0000', (manifest) => ({ ...manifest, tables: [named('\u0000')] })],
    ['the name of a table that is endless', (manifest) => ({ ...manifest, tables: [named(long)] })],
    ['an endless version', (manifest) => ({ ...manifest, version: long })],
    ['a time that is none', (manifest) => ({ ...manifest, exported_at: '\u0000' })],
    ['an endless time', (manifest) => ({ ...manifest, exported_at: long })],
    ['a tenant with U+0000', (manifest) => ({ ...manifest, tenant: { id: '\u0000', slug: 'x' } })],
    ['an endless tenant', (manifest) => ({ ...manifest, tenant: { id: long, slug: 'x' } })],
    ['a negative count', ({ tables, ...rest }) => ({ ...rest, tables: tables.map(negative) })],
  ])('is refused with a short reason that can be stored: %s', async (_, change) => {
    const { status, failure } = await imported(plane, asTold(change), admin);
    expect({ status, code: failure?.code }).toEqual({
      status: 'failed',
      code: expect.stringMatching(/^archive_(damaged|too_new)$/),
    });
    expect(failure?.detail.length).toBeLessThan(400);
    expect(await isEmpty(plane, target)).toBe(true);
  });

  it('is refused before it fills the memory with users', async () => {
    const name = 'x'.repeat(1_000_000);
    const users = rewritten(files, 'users', ([user]) =>
      Array.from({ length: 40 }, () => ({ ...user, name })),
    );
    const { failure } = await imported(plane, users, admin);
    expect(failure).toMatchObject({ code: 'archive_too_large', detail: expect.stringMatching('users') });
  });
});

function named(name: string): object {
  return { name, file: `${name}.ndjson`, columns: [], rows: 0, bytes: 0, sha256: '0'.repeat(64) };
}

function negative(table: ArchiveManifest['tables'][number]): object {
  return { ...table, rows: -1, bytes: -1 };
}
