import { type DesiredTenant } from '@atlas/plane-contract';
import { type IncidentView, type TimelineItemView } from '@atlas/tenant-api/incidents';
import { EVERY_DATABASE, FixedClock } from '@atlas/testing';
import { Database } from '@atlas/persistence';
import { LessThan } from 'typeorm';
import { Audit } from '../../src/audit/audit';
import { DueTime } from '../../src/due/due-time.entity';
import { DueWork } from '../../src/due/due-work';
import { Incident } from '../../src/incidents/incident.entity';
import { Pause, endedOrWaiting } from '../pause.fixture';
import { type CallOptions, TestTenantPlane } from '../tenant-plane.fixture';

const MINUTE = 60;

describe.each(EVERY_DATABASE)('the service levels of incidents on %s', (driver) => {
  let clock: FixedClock;
  let plane: TestTenantPlane;
  let tenant: DesiredTenant;
  let admin: CallOptions;

  beforeAll(async () => {
    clock = new FixedClock();
    plane = await TestTenantPlane.boot(driver, { clock });
  });
  afterAll(() => plane.close());
  let count = 0;
  beforeEach(async () => ({ tenant, admin } = await plane.tenantWithAdmin(`acme-${(count += 1)}`)));

  const report = async (severity: string): Promise<IncidentView> =>
    (await plane.post('/api/incidents', { title: 'x', severity }, admin).expect(201)).body;
  const get = async (id: string): Promise<IncidentView> =>
    (await plane.get(`/api/incidents/${id}`, admin).expect(200)).body;
  const statusOf = async (id: string): Promise<string | undefined> => (await get(id)).sla?.status;
  const change = (id: string, fields: object) =>
    plane.patch(`/api/incidents/${id}`, fields, admin).expect(200);
  const breaches = async (id: string): Promise<unknown[]> => {
    const { body } = await plane.get(`/api/incidents/${id}/timeline`, admin).expect(200);
    return body.items.flatMap(({ at, by, data }: TimelineItemView) =>
      data['sla'] ? [[at, by, data['sla']]] : [],
    );
  };
  const sweep = () => plane.app.get(DueWork).sweep();
  const pass = (minutes: number): void => clock.advance(minutes * MINUTE);

  it('are at risk from 80 % of a target, and breached after it', async () => {
    const { id } = await report('P1');
    pass(11.9);
    expect(await statusOf(id)).toBe('on_track');
    pass(0.1);
    expect(await statusOf(id)).toBe('at_risk');
    pass(3);
    expect(await statusOf(id)).toBe('at_risk');
    clock.advance(1);
    expect(await statusOf(id)).toBe('response_breached');
    await change(id, { status: 'acknowledged' });
    pass(240);
    expect(await statusOf(id)).toBe('resolution_breached');
  });

  it('are met by an incident that was acknowledged and resolved in time', async () => {
    const { id } = await report('P1');
    pass(10);
    await change(id, { status: 'acknowledged' });
    expect(await statusOf(id)).toBe('on_track');
    pass(190);
    expect(await statusOf(id)).toBe('at_risk');
    await change(id, { status: 'resolved' });
    pass(250);
    expect(await statusOf(id)).toBe('met');
    await sweep();
    expect(await breaches(id)).toEqual([]);
  });

  it('follow the severity of the incident', async () => {
    const { id, created_at } = await report('P4');
    const dueAfter = (minutes: number) =>
      new Date(Date.parse(String(created_at)) + minutes * 60_000).toISOString();
    pass(20);
    await change(id, { severity: 'P1' });
    expect((await get(id)).sla).toEqual({
      response_due_at: dueAfter(15),
      resolution_due_at: dueAfter(240),
      responded_at: null,
      status: 'response_breached',
    });
  });

  it('have each breach recorded once in the timeline and in the audit trail', async () => {
    const { id } = await report('P1');
    pass(16);
    await Promise.all([sweep(), sweep()]);
    const first = [clock.now().toISOString(), null, 'response_breached'];
    expect(await breaches(id)).toEqual([first]);
    await sweep();
    pass(240);
    await sweep();
    await sweep();
    expect(await breaches(id)).toEqual([first, [clock.now().toISOString(), null, 'resolution_breached']]);
    expect(
      (await plane.audit(tenant, 'incident.sla_breached')).map(({ after }) => after?.['target']),
    ).toEqual(['response', 'resolution']);
  });

  it('have a breach recorded by the change that would hide it, and not as an act of the user', async () => {
    const { id } = await report('P1');
    pass(16);
    await change(id, { status: 'acknowledged' });
    const first = [clock.now().toISOString(), null, 'response_breached'];
    expect(await breaches(id)).toEqual([first]);
    pass(240);
    await change(id, { status: 'resolved' });
    await sweep();
    expect(await breaches(id)).toEqual([first, [clock.now().toISOString(), null, 'resolution_breached']]);
    expect(await plane.audit(tenant, 'incident.sla_breached')).toMatchObject([
      { actorKind: 'anonymous', actorId: null },
      { actorKind: 'anonymous', actorId: null },
    ]);
  });

  it('have a breach recorded only once if the incident is acknowledged during the sweep', async () => {
    const { id } = await report('P1');
    pass(16);
    const pause = Pause.behind(plane.app.get(Audit), 'record');
    const sweeping = sweep();
    await pause.reached;
    const acknowledging = plane
      .patch(`/api/incidents/${id}`, { status: 'acknowledged' }, admin)
      .then((one) => one);
    await endedOrWaiting(plane, acknowledging);
    pause.release();
    await sweeping;
    expect((await acknowledging).status).toBe(200);
    expect(await breaches(id)).toHaveLength(1);
  });

  it('are breached only after the due time itself, in the status and in the timeline', async () => {
    const { id } = await report('P1');
    pass(15);
    await sweep();
    expect([await statusOf(id), await breaches(id)]).toEqual(['at_risk', []]);
    clock.advance(0.001);
    await sweep();
    expect([await statusOf(id), (await breaches(id)).length]).toEqual(['response_breached', 1]);
  });

  it('have a later breach recorded as well if a change of severity gave the incident more time', async () => {
    const { id } = await report('P1');
    pass(16);
    await sweep();
    await change(id, { severity: 'P2' });
    expect(await statusOf(id)).toBe('on_track');
    pass(15);
    await sweep();
    expect(await breaches(id)).toHaveLength(2);
  });

  it('no longer change with the severity once they are met', async () => {
    const { id } = await report('P4');
    pass(20);
    await change(id, { status: 'resolved' });
    await change(id, { severity: 'P1' });
    expect(await statusOf(id)).toBe('met');
  });

  // On SQLite, only one process can use the file.
  if (driver === 'postgres')
    it('have breaches recorded by any process of the plane', async () => {
      const { id } = await report('P1');
      pass(16);
      const next = await TestTenantPlane.open(plane.database, { clock });
      try {
        // The first sweep begins when the process starts, and this call waits for its own.
        await next.app.get(DueWork).sweep();
        expect(await breaches(id)).toHaveLength(1);
      } finally {
        await next.app.close();
      }
    });

  it('have breaches of more incidents recorded than are read at once', async () => {
    const ids = await Promise.all(Array.from({ length: 205 }, async () => (await report('P1')).id));
    pass(16);
    await sweep();
    const due = await plane.app.get(Database).read((manager) =>
      manager.findBy(DueTime, {
        tableName: 'incidents',
        ownerId: tenant.tenant_id,
        dueAt: LessThan(clock.now()),
      }),
    );
    expect([ids.length, due]).toEqual([205, []]);
  });

  it('leave nothing due once an incident is resolved', async () => {
    const { id } = await report('P1');
    await change(id, { status: 'resolved' });
    const due = await plane.app.get(Database).read((manager) => manager.findBy(DueTime, { rowId: id }));
    expect(due).toEqual([]);
  });

  it('leave nothing due after the sweep if an earlier version or an import left a wrong time', async () => {
    const [acknowledged, resolved] = [await report('P1'), await report('P1')];
    const { now } = plane;
    await plane.tenants.write(tenant.tenant_id, async (scope) => {
      await scope.update(Incident, { id: acknowledged.id }, { status: 'acknowledged' });
      await scope.update(Incident, { id: resolved.id }, { status: 'resolved', resolvedAt: now });
    });
    pass(16);
    await sweep();
    const rows = await plane.rows(tenant, Incident);
    const dueOf = (id: string) => rows.find((row) => row.id === id)?.slaDueAt;
    expect(dueOf(acknowledged.id)).toEqual(new Date(now.getTime() + 240 * 60_000));
    expect(dueOf(resolved.id)).toBeNull();
    expect(await breaches(acknowledged.id)).toEqual([]);
  });

  it('are not recorded while the tenant is suspended', async () => {
    const { id } = await report('P1');
    pass(16);
    await plane.tenant(tenant.slug, { ...tenant, status: 'suspended' });
    await sweep();
    await plane.tenant(tenant.slug, { ...tenant, status: 'active' });
    expect(await breaches(id)).toEqual([]);
    await sweep();
    expect(await breaches(id)).toHaveLength(1);
  });

  it('are not breached by an incident that is acknowledged before the sweep', async () => {
    const { id } = await report('P1');
    pass(14);
    await change(id, { status: 'acknowledged' });
    pass(2);
    await sweep();
    expect(await breaches(id)).toEqual([]);
  });

  it('have defaults, which an admin can replace for incidents that are reported afterwards', async () => {
    const before = await report('P3');
    const { body: policy } = await plane.get('/api/sla-policy', admin).expect(200);
    expect(policy).toEqual({
      P1: { response_minutes: 15, resolution_minutes: 240 },
      P2: { response_minutes: 30, resolution_minutes: 480 },
      P3: { response_minutes: 240, resolution_minutes: 1440 },
      P4: { response_minutes: 480, resolution_minutes: 4320 },
      P5: { response_minutes: 1440, resolution_minutes: 10_080 },
    });
    const own = { ...policy, P3: { response_minutes: 1, resolution_minutes: 2 } };
    expect((await plane.put('/api/sla-policy', own, admin).expect(200)).body).toEqual(own);
    expect((await plane.get('/api/sla-policy', admin).expect(200)).body).toEqual(own);
    const after = await report('P3');
    pass(3);
    expect([await statusOf(before.id), await statusOf(after.id)]).toEqual([
      'on_track',
      'resolution_breached',
    ]);
    await change(before.id, { severity: 'P2' });
    await change(before.id, { severity: 'P3' });
    expect(await statusOf(before.id)).toBe('on_track');
    expect(await plane.audit(tenant, 'sla_policy.changed')).toMatchObject([{ before: policy, after: own }]);
  });

  it('can be replaced twice at once, and each audit entry shows what was replaced', async () => {
    const { body: policy } = await plane.get('/api/sla-policy', admin).expect(200);
    const [one, two] = [1, 2].map((minutes) => ({
      ...policy,
      P3: { response_minutes: minutes, resolution_minutes: 9 },
    }));
    const set = (own: object) => plane.put('/api/sla-policy', own, admin).expect(200).then();
    const pause = Pause.before(plane.app.get(Audit), 'record');
    const first = set(one);
    await pause.reached;
    const second = set(two);
    await endedOrWaiting(plane, second);
    pause.release();
    await Promise.all([first, second]);
    expect(await plane.audit(tenant, 'sla_policy.changed')).toMatchObject([
      { before: policy, after: one },
      { before: one, after: two },
    ]);
  });

  it.each([
    ['without P5', ({ P5: _, ...rest }: Record<string, object>) => rest],
    [
      'with 0 minutes',
      (policy: object) => ({ ...policy, P1: { response_minutes: 0, resolution_minutes: 1 } }),
    ],
    [
      'with half a minute',
      (policy: object) => ({ ...policy, P1: { response_minutes: 0.5, resolution_minutes: 1 } }),
    ],
    ['with P6', (policy: object) => ({ ...policy, P6: { response_minutes: 1, resolution_minutes: 1 } })],
    ['with null', (policy: object) => ({ ...policy, P1: null })],
    ['with a list', (policy: object) => ({ ...policy, P1: [] })],
  ])('cannot be set %s', async (_, broken) => {
    const { body: policy } = await plane.get('/api/sla-policy', admin).expect(200);
    expect((await plane.put('/api/sla-policy', broken(policy), admin).expect(400)).body.code).toBe(
      'validation_failed',
    );
    expect((await plane.get('/api/sla-policy', admin)).body).toEqual(policy);
  });
});
