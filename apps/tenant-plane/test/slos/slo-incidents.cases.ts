import { type DesiredTenant } from '@atlas/plane-contract';
import { type IncidentView, type TimelineItemView } from '@atlas/tenant-api/incidents';
import { type SloStatusView, type SloView } from '@atlas/tenant-api/slos';
import { EVERY_DATABASE, FixedClock } from '@atlas/testing';
import { Audit } from '../../src/audit/audit';
import { DueWork } from '../../src/due/due-work';
import { Slo } from '../../src/slos/slo.entity';
import { SloEpisodes } from '../../src/slos/slo-episodes';
import { Pause, endedOrWaiting } from '../pause.fixture';
import { type CallOptions, TestTenantPlane } from '../tenant-plane.fixture';

const MINUTE = 60;
const HOUR = 3600;
const WANTED = { name: 'Checkout', objective: 0.99, window_days: 30, indicator: { kind: 'events' } };

describe.each(EVERY_DATABASE)('the incidents of service level objectives on %s', (driver) => {
  const clock = new FixedClock();
  let plane: TestTenantPlane;
  let tenant: DesiredTenant;
  let admin: CallOptions;

  beforeAll(async () => {
    plane = await TestTenantPlane.boot(driver, { clock });
  });
  afterAll(() => plane.close());
  let count = 0;
  beforeEach(async () => ({ tenant, admin } = await plane.tenantWithAdmin(`acme-${(count += 1)}`)));

  // So that sweeps attend only to the objectives of the next test.
  afterEach(() => plane.tenants.write(tenant.tenant_id, (scope) => scope.update(Slo, {}, { dueAt: null })));

  const create = async (fields: object = {}): Promise<SloView> =>
    (await plane.post('/api/slos', { ...WANTED, ...fields }, admin).expect(201)).body;
  const add = (id: string, good: number, total: number, secondsAgo = 0) => {
    const at = new Date(clock.now().getTime() - secondsAgo * 1000).toISOString();
    return plane.post(`/api/slos/${id}/events`, { good, total, at }, admin).expect(202);
  };
  const get = async (id: string): Promise<SloView> =>
    (await plane.get(`/api/slos/${id}`, admin).expect(200)).body;
  const stateOf = async (id: string): Promise<string> =>
    ((await plane.get(`/api/slos/${id}/status`, admin).expect(200)).body as SloStatusView).state;
  /** Oldest first. */
  const incidents = async (): Promise<IncidentView[]> =>
    (await plane.get('/api/incidents', admin).expect(200)).body.items.reverse();
  const change = (id: string, fields: object) =>
    plane.patch(`/api/incidents/${id}`, fields, admin).expect(200);
  const alerts = async (id: string): Promise<Record<string, unknown>[]> =>
    (await plane.get(`/api/incidents/${id}/timeline`, admin).expect(200)).body.items
      .filter(({ kind }: TimelineItemView) => kind === 'alert')
      .map(({ data }: TimelineItemView) => data);
  const sweep = () => plane.app.get(DueWork).sweep();
  const evaluate = async (): Promise<void> => {
    clock.advance(MINUTE);
    await sweep();
  };
  /** A good past, so that only recent events burn the budget. */
  const burning = async (fields: object = {}): Promise<SloView> => {
    const slo = await create(fields);
    await add(slo.id, 1_000_000, 1_000_000, 10 * 24 * HOUR);
    await add(slo.id, 50, 100);
    return slo;
  };

  it('are opened once per episode, and resolved when it ends', async () => {
    const item = await plane.post('/api/cmdb/items', { name: 'shop', type: 'service' }, admin).expect(201);
    const { id } = await burning({ ci_id: item.body.id });
    expect([await stateOf(id), await incidents()]).toEqual(['burning', []]);
    await evaluate();
    const [incident, ...others] = await incidents();
    expect(others).toEqual([]);
    expect(incident).toMatchObject({
      title: 'Error budget burns too fast: Checkout',
      severity: 'P2',
      status: 'triggered',
      source: 'slo',
      created_by: null,
      ci_ids: [item.body.id],
    });
    expect(incident?.description).toContain('over 1h 50 times as fast, and over 5m 50 times as fast');
    expect((await get(id)).incident_id).toBe(incident?.id);
    for (let minute = 0; minute < 4; minute += 1) await evaluate();
    expect(await incidents()).toHaveLength(1);
    await add(id, 1_000_000, 1_000_000);
    await evaluate();
    expect(await incidents()).toMatchObject([{ id: incident?.id, status: 'resolved' }]);
    expect(await get(id)).toMatchObject({ incident_id: null });
    expect(await alerts(incident?.id ?? '')).toMatchObject([
      {
        slo_id: id,
        slo_name: 'Checkout',
        firing: true,
        rates: [{ long: '1h' }, { long: '6h' }, { long: '3d' }],
      },
      { slo_id: id, firing: false },
    ]);
    await add(id, 0, 2_000_000);
    await evaluate();
    expect(await incidents()).toMatchObject([
      { status: 'resolved' },
      { status: 'triggered', severity: 'P2' },
    ]);
  });

  it('have the severity P3 if the budget is spent slowly, and P2 once it is spent fast', async () => {
    const { id } = await create();
    await add(id, 1_000_000, 1_000_000, 10 * 24 * HOUR);
    await add(id, 9800, 10_000, 5 * HOUR);
    await evaluate();
    const [incident] = await incidents();
    expect(incident).toMatchObject({ severity: 'P3', status: 'triggered' });
    await change(incident?.id ?? '', { status: 'resolved' });
    await add(id, 0, 10_000);
    await evaluate();
    expect(await incidents()).toMatchObject([{ id: incident?.id, severity: 'P2', status: 'open' }]);
    await evaluate();
    expect(await alerts(incident?.id ?? '')).toHaveLength(2);
  });

  it('are not reopened or opened again when somebody resolves them during the episode', async () => {
    const { id } = await burning();
    await evaluate();
    const [incident] = await incidents();
    await change(incident?.id ?? '', { status: 'resolved' });
    await evaluate();
    expect(await incidents()).toMatchObject([{ status: 'resolved' }]);
    await add(id, 1_000_000, 1_000_000);
    await evaluate();
    expect(await incidents()).toMatchObject([{ status: 'resolved' }]);
    expect(await alerts(incident?.id ?? '')).toHaveLength(1);
  });

  it('are opened without an item that was archived meanwhile', async () => {
    const item = await plane.post('/api/cmdb/items', { name: 'shop', type: 'service' }, admin).expect(201);
    await burning({ ci_id: item.body.id });
    await plane.delete(`/api/cmdb/items/${item.body.id}`, admin).expect(204);
    await evaluate();
    expect(await incidents()).toMatchObject([{ ci_ids: [] }]);
  });

  it('are resolved when the objective is deleted', async () => {
    const { id } = await burning();
    await evaluate();
    await plane.delete(`/api/slos/${id}`, admin).expect(204);
    expect(await incidents()).toMatchObject([{ status: 'resolved' }]);
  });

  it('have titles that fit even for the longest name', async () => {
    await burning({ name: '🔥'.repeat(100) });
    await evaluate();
    const [incident] = await incidents();
    expect([...(incident?.title ?? '')]).toHaveLength(129);
    await change(incident?.id ?? '', { title: incident?.title });
  });

  it('are opened once by several processes at once', async () => {
    await burning();
    clock.advance(MINUTE);
    await Promise.all([sweep(), sweep(), sweep()]);
    expect(await incidents()).toHaveLength(1);
  });

  it('are opened even if the process dies while it opens them', async () => {
    const { id } = await burning();
    clock.advance(MINUTE);
    jest.spyOn(plane.app.get(SloEpisodes), 'follow').mockRejectedValueOnce(new Error('killed'));
    await sweep();
    jest.spyOn(plane.app.get(Audit), 'record').mockRejectedValueOnce(new Error('killed'));
    clock.advance(MINUTE);
    await sweep();
    expect([await incidents(), (await get(id)).incident_id]).toEqual([[], null]);
    clock.advance(MINUTE);
    await sweep();
    const [incident] = await incidents();
    expect((await get(id)).incident_id).toBe(incident?.id);
  });

  it('are opened by the process that takes over, from the state in the row', async () => {
    const { id } = await burning();
    await evaluate();
    const [incident] = await incidents();
    // Like a process that has just started, or a plane to which the tenant has moved.
    const [row] = await plane.rows(tenant, Slo);
    expect(row).toMatchObject({ firing: 'page', incidentId: incident?.id });
    await plane.tenants.write(tenant.tenant_id, (scope) => scope.delete(Slo, { id }));
    await plane.tenants.write(tenant.tenant_id, (scope) => scope.insert(Slo, row ?? {}));
    await evaluate();
    expect(await incidents()).toHaveLength(1);
  });

  it('are resolved if the objective is deleted while the incident is being opened', async () => {
    const { id } = await burning();
    clock.advance(MINUTE);
    const pause = Pause.behind(plane.app.get(SloEpisodes), 'follow');
    const sweeping = sweep();
    await pause.reached;
    const deleting = plane.delete(`/api/slos/${id}`, admin).then((answer) => answer.status);
    await endedOrWaiting(plane, deleting);
    pause.release();
    await sweeping;
    expect(await deleting).toBe(204);
    expect(await incidents()).toMatchObject([{ status: 'resolved' }]);
  });
});
