import { TenantDatabase } from '@atlas/persistence';
import { type DesiredTenant } from '@atlas/plane-contract';
import { type IncidentSummaryView, type IncidentView, SLA_PROBLEMS } from '@atlas/tenant-api/incidents';
import { EVERY_DATABASE, FixedClock } from '@atlas/testing';
import { incidentsMatching } from '../../src/incidents/incident-filter';
import { Incident } from '../../src/incidents/incident.entity';
import { idOf, insertMany } from '../many-rows.fixture';
import { type CallOptions, type SignedInUser, TestTenantPlane } from '../tenant-plane.fixture';

const MINUTE = 60;
const BREACHED = ['response_breached', 'resolution_breached'];

describe.each(EVERY_DATABASE)('the queue of incidents on %s', (driver) => {
  const clock = new FixedClock();
  let plane: TestTenantPlane;
  let tenant: DesiredTenant;
  let admin: SignedInUser & CallOptions;
  let count = 0;

  beforeAll(async () => void (plane = await TestTenantPlane.boot(driver, { clock })));
  afterAll(() => plane.close());
  beforeEach(async () => {
    ({ tenant, admin } = await plane.tenantWithAdmin(`tenant-${(count += 1)}`));
  });

  const report = async (changes: object = {}, by: CallOptions = admin): Promise<string> =>
    (await plane.post('/api/incidents', { title: 'x', severity: 'P2', ...changes }, by).expect(201)).body.id;
  const change = (id: string, fields: object) =>
    plane.patch(`/api/incidents/${id}`, fields, admin).expect(200);
  const list = async (query = '', by: CallOptions = admin): Promise<IncidentView[]> =>
    (await plane.get(`/api/incidents?limit=200&${query}`, by).expect(200)).body.items;
  const ids = async (query = '', by: CallOptions = admin): Promise<string[]> =>
    (await list(query, by)).map(({ id }) => id);
  const summary = async (by: CallOptions = admin): Promise<IncidentSummaryView> =>
    (await plane.get('/api/incidents/summary', by).expect(200)).body;

  /** One incident in each status, by its status. */
  const oneInEachStatus = async (): Promise<Record<string, string>> => {
    const triggered = await report();
    await plane.tenants.write(tenant.tenant_id, (scope) =>
      scope.update(Incident, { id: triggered }, { status: 'triggered' }),
    );
    const inStatus: Record<string, string> = { triggered, open: await report() };
    for (const status of ['acknowledged', 'investigating', 'resolved'])
      await change((inStatus[status] = await report()), { status });
    inStatus['closed'] = await report();
    await change(inStatus['closed'], { status: 'resolved' });
    await change(inStatus['closed'], { status: 'closed', resolution_notes: 'done' });
    return inStatus;
  };

  it('has the incidents that are not resolved or closed, page by page', async () => {
    const { triggered, open, acknowledged, investigating, resolved, closed } = await oneInEachStatus();
    const queue = [investigating, acknowledged, open, triggered];
    expect(await ids('state=open')).toEqual(queue);
    expect(await ids('state=over')).toEqual([closed, resolved]);
    expect(await ids('state=open&status=resolved')).toEqual([]);
    const { body } = await plane.get('/api/incidents?state=open&limit=3', admin).expect(200);
    expect(await ids(`state=open&cursor=${body.next_cursor}`)).toEqual(queue.slice(3));
  });

  it('can be limited to incidents without an assignee', async () => {
    const [free, taken] = [await report(), await report({ assignee_id: admin.id })];
    expect(await ids('unassigned=true')).toEqual([free]);
    expect(await ids('unassigned=false')).toEqual([taken, free]);
    expect(await ids(`unassigned=true&assignee_id=${admin.id}`)).toEqual([]);
  });

  it('has its service levels filtered and counted as they are shown, at any moment', async () => {
    for (const severity of ['P1', 'P2', 'P3', 'P4', 'P5']) {
      await report({ severity });
      await change(await report({ severity }), { status: 'acknowledged' });
    }
    const [late, soon, again, old] = await Promise.all([1, 2, 3, 4].map(() => report({ severity: 'P1' })));
    await change(soon ?? '', { status: 'resolved' });
    await change(again ?? '', { status: 'resolved' });
    await plane.tenants.write(tenant.tenant_id, (scope) =>
      scope.update(Incident, { id: old }, { responseDueAt: null, resolutionDueAt: null }),
    );
    const seen = new Set<string | undefined>();
    /** Around 80 % and 100 % of the targets, in seconds after the reports. */
    const moments = [15, 30, 240, 480]
      .flatMap((minutes) => [0.8 * minutes * MINUTE, minutes * MINUTE])
      .flatMap((moment) => [moment - 0.001, moment, moment + 0.001]);
    let passed = 0;
    for (const moment of moments.sort((one, another) => one - another)) {
      clock.advance(moment - passed);
      passed = moment;
      const all = await list();
      for (const { sla } of all) seen.add(sla?.status);
      const shown = {
        breached: all.filter(({ sla }) => BREACHED.includes(sla?.status ?? '')),
        at_risk: all.filter(({ sla }) => sla?.status === 'at_risk'),
      };
      const { breached, at_risk } = await summary();
      for (const sla of SLA_PROBLEMS)
        expect([moment, sla, await ids(`sla=${sla}`)]).toEqual([moment, sla, shown[sla].map(({ id }) => id)]);
      const isOpen = ({ status }: IncidentView) => status !== 'resolved';
      expect([moment, breached, at_risk]).toEqual([
        moment,
        shown.breached.filter(isOpen).length,
        shown.at_risk.filter(isOpen).length,
      ]);
      if (moment === 30 * MINUTE) await change(late ?? '', { status: 'resolved' });
      if (moment === 240 * MINUTE) await change(again ?? '', { status: 'open' });
    }
    expect(seen).toEqual(new Set(['on_track', 'at_risk', ...BREACHED, 'met', undefined]));
  });

  it('is counted without the incidents that are over', async () => {
    expect(await summary()).toEqual({
      open: 0,
      unassigned: 0,
      breached: 0,
      at_risk: 0,
      by_severity: { P1: 0, P2: 0, P3: 0, P4: 0, P5: 0 },
    });
    await oneInEachStatus();
    await report({ severity: 'P5', assignee_id: admin.id });
    clock.advance(31 * MINUTE);
    expect(await summary()).toEqual({
      open: 5,
      unassigned: 4,
      breached: 2,
      at_risk: 0,
      by_severity: { P1: 0, P2: 4, P3: 0, P4: 0, P5: 1 },
    });
  });

  it("is counted for requesters with only their own reports, without other tenants' incidents", async () => {
    const requester = await plane.user(tenant, 'requester');
    const { admin: stranger } = await plane.tenantWithAdmin(`stranger-${count}`);
    await report({ severity: 'P1' });
    const own = await report({ severity: 'P3' }, requester);
    expect(await summary(requester)).toMatchObject({ open: 1, unassigned: 1, by_severity: { P1: 0, P3: 1 } });
    expect(await ids('state=open&unassigned=true', requester)).toEqual([own]);
    expect((await summary()).open).toBe(2);
    expect((await summary(stranger)).open).toBe(0);
    clock.advance(13 * MINUTE);
    expect([(await summary(requester)).at_risk, (await summary()).at_risk]).toEqual([0, 1]);
  });

  it('is read by an index of the open incidents, however many are over', async () => {
    const into =
      'incidents (tenant_id, id, number, title, severity, status, created_at, updated_at, resolved_at)';
    const at = driver === 'postgres' ? 'now()' : `'2026-01-01 00:00:00.000'`;
    const select = `$1, ${idOf(plane, 'n')}, 'OLD-' || n, 'x', 'P5', 'closed', ${at}, ${at}, ${at}`;
    await insertMany(plane, tenant.tenant_id, { count: 20_000, into, select });
    const open = await report();
    const explain = driver === 'postgres' ? 'explain' : 'explain query plan';
    const plan = await plane.app.get(TenantDatabase).read(tenant.tenant_id, async (scope) => {
      const reader = { id: admin.id, role: 'admin' } as const;
      const filter = { state: 'open', sla: 'at_risk', limit: 50 } as const;
      const [sql, parameters] = incidentsMatching(scope, reader, filter, clock.now()).getQueryAndParameters();
      return scope.manager.query<object[]>(`${explain} ${sql}`, parameters);
    });
    expect(JSON.stringify(plan)).toContain('incidents_open_ix');
    expect(await ids('state=open')).toEqual([open]);
    expect((await summary()).open).toBe(1);
  });
});
