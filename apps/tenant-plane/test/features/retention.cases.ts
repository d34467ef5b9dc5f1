import { AsyncLocalStorage } from 'node:async_hooks';
import { randomUUID } from 'node:crypto';
import { ChangeTracking, Database, insertRow } from '@atlas/persistence';
import { type DesiredTenant } from '@atlas/plane-contract';
import { ENTITLEMENTS_OF_PLANS } from '@atlas/tenancy';
import { type AlertView } from '@atlas/tenant-api/alerts';
import { type IncidentView } from '@atlas/tenant-api/incidents';
import { CommitFaults, EVERY_DATABASE, FixedClock } from '@atlas/testing';
import { In } from 'typeorm';
import { Alert } from '../../src/alerts/alert.entity';
import { Intake } from '../../src/alerts/intake';
import { StepOutput } from '../../src/automation/step-output.entity';
import { OldHistory } from '../../src/retention/old-history';
import { Tenant } from '../../src/tenancy/tenant.entity';
import { LeaseKey } from '../lease-key.fixture';
import { idOf, insertMany } from '../many-rows.fixture';
import { Pause, endedOrWaiting } from '../pause.fixture';
import { type CallOptions, TestTenantPlane, hostOf } from '../tenant-plane.fixture';
import { AlertSender } from './alert-sender.fixture';

const DAY = 24 * 3600;
const BATCH = 500;

/**
 * To see it fail: in `retentionOf`, return `before` during the time of grace; in `deleteOldAlerts`, leave out
 * `isOver` of the deletion, or the condition on the incident; in `OldHistory`, leave out `requireStanding`.
 */
describe.each(EVERY_DATABASE)('the history that a plan keeps, on %s', (driver) => {
  let clock: FixedClock;
  let faults: CommitFaults;
  let plane: TestTenantPlane;
  let history: OldHistory;
  let key: LeaseKey;
  let tenant: DesiredTenant;
  let admin: CallOptions;
  let made = 0;
  beforeAll(async () => {
    clock = new FixedClock();
    faults = await CommitFaults.start();
    plane = await TestTenantPlane.boot(driver, { clock, through: (url) => faults.through(url) });
    history = plane.app.get(OldHistory);
    key = await LeaseKey.create();
    await plane.identities.update({ keys: [plane.signupKey.published, key.published] });
  });
  afterAll(async () => {
    await plane.close();
    await faults.stop();
  });
  beforeEach(async () => {
    clock.advance(3600);
    ({ tenant, admin } = await plane.tenantWithAdmin(`tenant-${(made += 1)}`));
  });

  const put = async (changes: Partial<DesiredTenant>): Promise<void> => {
    tenant = { ...tenant, ...changes, entry_revision: tenant.entry_revision + 1 };
    await plane.apply({ tenants: [tenant] });
    clock.advance(2);
  };
  /** The plane receives a lease that was issued now. */
  const renew = async (days = 30): Promise<void> => {
    const limits = { ...ENTITLEMENTS_OF_PLANS.core.limits, retention_days: days };
    const about = { tenantId: tenant.tenant_id, planeId: plane.id, now: clock.now() };
    await put({ lease: await key.lease(about, { limits }) });
  };
  const pass = async (days: number, retentionDays?: number): Promise<void> => {
    clock.advance(days * DAY);
    await renew(retentionDays);
    admin = { ...(await plane.user(tenant, 'admin')), host: hostOf(tenant.slug) };
  };
  /** From here on, history is deleted once it is 30 days old. */
  const endGrace = async (): Promise<void> => {
    await renew();
    await history.sweep();
    await pass(31);
    await history.sweep();
  };
  const alerts = async (): Promise<AlertView[]> =>
    (await plane.get('/api/alerts', admin).expect(200)).body.items;
  const left = async (): Promise<string[]> => {
    // Postgres returns the rows in any order.
    const rows = await plane.rows(tenant, Alert);
    return rows.map((row) => row.fingerprint).sort();
  };
  const closed = async ({ id }: Pick<IncidentView, 'id'>): Promise<void> => {
    await plane
      .patch(`/api/incidents/${id}`, { status: 'closed', resolution_notes: 'Done' }, admin)
      .expect(200);
  };
  /** A data source whose first alert, which is never deleted, has ended. */
  const sender = async (): Promise<AlertSender> => {
    const source = await AlertSender.create(plane, admin, { window_minutes: 1 });
    await fireAndEnd(source, 'first');
    for (const incident of await source.incidents()) await closed(incident);
    return source;
  };
  const fireAndEnd = async (source: AlertSender, name: string): Promise<void> => {
    const alert = { name, fingerprint: name };
    await source.receipt(alert);
    await source.receipt({ ...alert, status: 'resolved' });
  };
  /** Alerts that ended just now, without incidents. */
  const manyAlerts = (count: number): Promise<void> => {
    const at =
      driver === 'postgres' ? `'${clock.now().toISOString()}'::timestamptz` : `'${sqliteTime(clock.now())}'`;
    const json = driver === 'postgres' ? `'{}'::jsonb` : `'{}'`;
    return insertMany(plane, tenant.tenant_id, {
      count,
      into: `alerts (tenant_id, id, source_id, fingerprint, status, labels, annotations, starts_at, ends_at,
        last_received_at, count, created_at)`,
      select: `$1, ${idOf(plane, 'n')}, ${idOf(plane, '0')}, 'f' || cast(n as varchar(9)), 'resolved',
        ${json}, ${json}, ${at}, ${at}, ${at}, 1, ${at}`,
    });
  };
  const count = async (): Promise<number> => (await left()).length;
  const stored = (): Promise<Tenant> =>
    plane.app.get(Database).dataSource.manager.findOneByOrFail(Tenant, { id: tenant.tenant_id });

  it('loses alerts that ended long ago, but none that fires, or whose incident is not closed', async () => {
    await endGrace();
    const source = await sender();
    await source.receipt({ name: 'firing', fingerprint: 'firing' });
    for (const name of ['resolved', 'closed']) await fireAndEnd(source, name);
    const incident = (await source.incidents()).find(({ title }) => title.includes('closed'));
    if (!incident) throw new Error('No incident was opened.');
    await closed(incident);
    await pass(29);
    await fireAndEnd(source, 'recent');
    await pass(2);
    await history.sweep();
    expect(await left()).toEqual(['firing', 'first', 'recent', 'resolved']);
    const { body } = await plane.get(`/api/incidents/${incident.id}`, admin).expect(200);
    expect([body.alert_count, body.status]).toEqual([1, 'closed']);
    const timeline = (await plane.get(`/api/incidents/${incident.id}/timeline`, admin).expect(200)).body
      .items;
    const [{ data }] = timeline.filter(({ kind }: { kind: string }) => kind === 'alert');
    const { body: gone } = await plane.get(`/api/alerts/${data.alert_ids[0]}`, admin).expect(404);
    expect(gone.detail).toContain('deleted');
    await source.receipt({ name: 'closed', fingerprint: 'closed' });
    const again = (await alerts()).filter(({ fingerprint }) => fingerprint === 'closed');
    expect(again.map((alert) => [alert.count, alert.incident_id === incident.id])).toEqual([[1, false]]);
    const { body: checklist } = await plane.get('/api/onboarding', admin).expect(200);
    expect(checklist.steps[1]).toMatchObject({ key: 'monitoring', status: 'done' });
  });

  it('stays for 30 days after a plan was first seen, and after one that keeps less', async () => {
    const source = await sender();
    const from = async () => (await plane.get('/api/entitlements', admin).expect(200)).body.retention_from;
    await fireAndEnd(source, 'old');
    for (const incident of await source.incidents())
      if (incident.status === 'resolved') await closed(incident);
    await pass(60, 180);
    await history.sweep();
    const grace = new Date(Math.floor(clock.now().getTime() / 1000 - 2) * 1000 + 30 * DAY * 1000);
    expect(await from()).toBe(grace.toISOString());
    await pass(31, 180);
    await history.sweep();
    expect([await from(), await count()]).toEqual([null, 2]);
    await renew(40);
    await history.sweep();
    expect(await from()).not.toBeNull();
    await pass(29, 40);
    await history.sweep();
    expect(await count()).toBe(2);
    await pass(2, 40);
    await history.sweep();
    expect([await from(), await left()]).toEqual([null, ['first']]);
    await renew(730);
    expect(await from()).toBeNull();
  });

  it('stays if only the clock of the plane says that it is old', async () => {
    await endGrace();
    await manyAlerts(3);
    clock.jump(400 * DAY);
    await history.sweep();
    expect(await count()).toBe(3);
    clock.jump(-400 * DAY);
  });

  it.each([
    ['is suspended', { status: 'suspended' }],
    ['is frozen for a move', { phase: 'frozen' }],
    ['has moved away', { phase: 'retired', moved_to: 'https://b.example' }],
  ] as const)('stays while the tenant %s', async (_, changes) => {
    await endGrace();
    await manyAlerts(3);
    await pass(31);
    const pause = Pause.before(history, 'deleteSome');
    const sweep = history.sweep();
    await pause.reached;
    await put(changes);
    pause.release();
    await sweep;
    await history.sweep();
    const { historySweptUntil } = await stored();
    expect(historySweptUntil?.getTime() ?? 0).toBeLessThan(clock.now().getTime() - 50 * DAY * 1000);
    expect(await count()).toBe(3);
  });

  it('has a new time of grace when a tenant comes back', async () => {
    await endGrace();
    await put({ phase: 'retired', moved_to: 'https://b.example' });
    expect(await stored()).toMatchObject({ retentionDays: null, historySweptUntil: null });
    ({ tenant, admin } = await plane.tenantWithAdmin(`tenant-${(made += 1)}`));
    await endGrace();
    await plane.apply({ removed: [tenant.tenant_id] });
    await put({});
    expect(await stored()).toMatchObject({ phase: 'serving', retentionDays: null, historySweptUntil: null });
  });

  it('is deleted in batches, and a sweep that failed half way is continued by the next', async () => {
    await endGrace();
    await manyAlerts(2 * BATCH + 10);
    await pass(31);
    // The cast reaches a private method, after which the process dies.
    type Sweeps = { deleteSome(...given: unknown[]): Promise<{ size: number }> };
    const sweeps = history as unknown as Sweeps;
    const deleteSome = (OldHistory.prototype as unknown as Sweeps).deleteSome.bind(history);
    let isDead = false;
    const spy = jest.spyOn(sweeps, 'deleteSome').mockImplementation(async (...given) => {
      if (isDead) throw new Error('The process has died.');
      const next = await deleteSome(...given);
      isDead = next.size > 0;
      return next;
    });
    await history.sweep();
    expect(await count()).toBe(BATCH + 10);
    spy.mockRestore();
    await history.sweep();
    expect(await count()).toBe(1);
  });

  it('is deleted although COMMITs fail', async () => {
    await endGrace();
    await manyAlerts(2 * BATCH);
    await pass(31);
    faults.begin();
    for (let turn = 0; turn < 3; turn += 1) await history.sweep();
    faults.end();
    expect(faults.count).toBeGreaterThan(0);
    await history.sweep();
    expect(await count()).toBe(1);
  });

  it('is deleted by two replicas at once', async () => {
    if (driver === 'sqlite') return;
    const second = await TestTenantPlane.open(plane.database, { clock });
    await endGrace();
    await manyAlerts(3 * BATCH);
    await pass(31);
    await Promise.all([history.sweep(), second.app.get(OldHistory).sweep()]);
    expect(await count()).toBe(1);
    await second.app.close();
  });

  it('keeps an alert that fires again while it is being deleted', async () => {
    await endGrace();
    const source = await sender();
    await fireAndEnd(source, 'flapping');
    for (const incident of await source.incidents())
      if (incident.status === 'resolved') await closed(incident);
    await pass(31);
    const { incidents } = plane.app.get(Intake) as unknown as { incidents: object };
    const pause = Pause.behind(incidents, 'follow');
    const fires = source.receipt({ name: 'flapping', fingerprint: 'flapping' });
    await pause.reached;
    const sweep = history.sweep();
    await endedOrWaiting(plane, sweep);
    pause.release();
    await Promise.all([fires, sweep]);
    expect((await alerts()).map(({ fingerprint, status, count: n }) => [fingerprint, status, n])).toEqual([
      ['flapping', 'firing', 3],
      ['first', 'resolved', 2],
    ]);
  });

  it('is also deleted where a move has copied it to', async () => {
    await endGrace();
    await manyAlerts(3);
    await pass(31);
    const tracking = new ChangeTracking(plane.app.get(Database));
    await tracking.start(tenant.tenant_id);
    await history.sweep();
    const changes = await plane.tenants.read(tenant.tenant_id, ({ manager }) =>
      tracking.read(manager, tenant.tenant_id, 10),
    );
    expect(changes.map(({ table }) => table)).toEqual(['alerts', 'alerts']);
    await tracking.stop(tenant.tenant_id);
  });

  it('loses the outputs of runs that ended long ago, and keeps the runs', async () => {
    await endGrace();
    const steps = [{ name: 'look', kind: 'manual', risk: 'low', config: {} }];
    const { body: runbook } = await plane
      .post('/api/runbooks', { name: 'Restart', steps }, admin)
      .expect(201);
    const run = async (): Promise<string> => {
      const { body } = await plane.post(`/api/runbooks/${runbook.id}/runs`, {}, admin).expect(202);
      const [step] = await plane.tenants.read(tenant.tenant_id, ({ manager }) =>
        manager.query('select id from automation_steps where run_id = $1', [body.id]),
      );
      await plane.tenants.write(tenant.tenant_id, (scope) =>
        scope.insert(StepOutput, { stepId: step.id, tail: 'ok' }),
      );
      return body.id;
    };
    const end = (id: string) => plane.post(`/api/automation/jobs/${id}/complete`, {}, admin).expect(200);
    const [old, running] = [await run(), await run()];
    await end(old);
    await pass(31);
    await end(await run());
    await history.sweep();
    expect(await plane.rows(tenant, StepOutput)).toHaveLength(2);
    const { body } = await plane.get(`/api/automation/jobs/${old}`, admin).expect(200);
    expect([body.status, body.steps[0].output_tail ?? '']).toEqual(['succeeded', '']);
    await end(running);
  });

  it('keeps what has ended now, if the clock of the plane is behind', async () => {
    await endGrace();
    const source = await sender();
    await fireAndEnd(source, 'second');
    for (const incident of await source.incidents()) await closed(incident);
    const now = new Date(clock.now().getTime() + 40 * DAY * 1000);
    await put({ lease: await key.lease({ tenantId: tenant.tenant_id, planeId: plane.id, now }) });
    await history.sweep();
    expect(await left()).toEqual(['first', 'second']);
  });

  it('costs two reads for 1,000 tenants of which nothing is old', async () => {
    const database = plane.app.get(Database);
    const others = Array.from({ length: 1000 }, (_, n) => ({ id: randomUUID(), slug: `other-${n}` }));
    const row = await stored();
    const swept = { retentionDays: 30, retentionFrom: new Date(0), historySweptUntil: clock.now() };
    await database.write(async (manager) => {
      for (const { id, slug } of others) {
        const lease = await key.lease({ tenantId: id, planeId: plane.id, now: clock.now() });
        await insertRow(manager, Tenant, { ...row, ...swept, id, slug, lease });
      }
    });
    await history.sweep();
    // The plane reads in the background too.
    const sweeping = new AsyncLocalStorage<true>();
    const calls: string[] = [];
    for (const name of ['read', 'write', 'writeAs'] as const) {
      const original = database[name].bind(database) as (...parameters: unknown[]) => Promise<unknown>;
      jest.spyOn(database, name).mockImplementation((...parameters: unknown[]) => {
        if (sweeping.getStore()) calls.push(name);
        return original(...parameters);
      });
    }
    await sweeping.run(true, () => history.sweep());
    jest.restoreAllMocks();
    expect(calls).toEqual(['read', 'read', 'read']);
    await database.write((manager) => manager.delete(Tenant, { id: In(others.map(({ id }) => id)) }));
  });
});

function sqliteTime(time: Date): string {
  return time.toISOString().replace('T', ' ').replace('Z', '');
}
