import { Database, insertRow } from '@atlas/persistence';
import { type LeaseClaims } from '@atlas/plane-contract';
import { ENTITLEMENTS_OF_PLANS, PLANS, uuidv7 } from '@atlas/tenancy';
import { CommitFaults, EVERY_DATABASE, eventually } from '@atlas/testing';
import { createLocalJWKSet, decodeJwt, jwtVerify } from 'jose';
import { In } from 'typeorm';
import { lockOperator } from '../../src/accounts/operator-lock';
import { Operator } from '../../src/accounts/operator.entity';
import { AuditEvent } from '../../src/audit/audit-event.entity';
import { LeaseRenewals } from '../../src/entitlements/lease-renewals';
import { Outbox } from '../../src/outbox/outbox';
import { OutgoingEvent } from '../../src/outbox/outgoing-event.entity';
import { ProvisioningJob } from '../../src/provisioning-jobs/provisioning-job.entity';
import { Placement } from '../../src/registry/placement.entity';
import { TenantPlane } from '../../src/registry/tenant-plane.entity';
import { Tenant } from '../../src/registry/tenant.entity';
import { HeldRow } from '../held-operator.fixture';
import { TestControlPlane } from '../control-plane.fixture';
import { JobScene } from '../job-scene.fixture';

const DAY = 24 * 3600;

function revisionOf(revision = ''): number {
  return Number(revision.split('.')[1]);
}

describe.each(EVERY_DATABASE)('the lease of a tenant on %s', (driver) => {
  let scene: JobScene;
  let id: string;
  let faults: CommitFaults;
  beforeAll(async () => {
    faults = await CommitFaults.start();
    scene = await JobScene.set(driver, {}, (url) => faults.through(url));
  });
  afterAll(async () => {
    await scene.plane.close();
    await faults.stop();
  });
  beforeEach(async () => {
    const { body } = await scene.plane.provision().expect(202);
    id = body.tenant.id;
    await scene.cell.serve(id);
    await scene.reaches(body.job.id, 'succeeded');
  });

  const claims = async (): Promise<LeaseClaims> => {
    await scene.cell.pull();
    return decodeJwt(scene.cell.tenants.get(id)?.lease ?? '');
  };
  const changes = () => scene.plane.count(AuditEvent, { action: 'tenant.billing_changed', targetId: id });
  const seconds = (): number => Math.floor(scene.plane.clock.now().getTime() / 1000);
  const bill = (state: string, options = {}) =>
    scene.plane.post(`/api/tenants/${id}/billing-state`, { state }, options);
  /** Lets the cell follow until the job is done. */
  const finishes = async (jobId: string, status: string): Promise<void> => {
    await eventually(async () => {
      await scene.cell.pull();
      return scene.cell.tenants.get(id)?.status === status;
    });
    await scene.report(id, 'applied');
    await scene.reaches(jobId, 'succeeded');
  };

  it('is in the desired state, signed with a published key and bound to tenant and plane', async () => {
    const state = await scene.cell.pullAll();
    const lease = state.tenants.find(({ tenant_id }) => tenant_id === id)?.lease ?? '';
    const keys = state.config.keys.keys.filter(({ purpose }) => purpose === 'lease');
    const { payload, protectedHeader } = await jwtVerify(lease, createLocalJWKSet({ keys }), {
      currentDate: scene.plane.clock.now(),
    });
    expect(protectedHeader).toMatchObject({ alg: 'EdDSA', typ: 'atlas-lease+jwt' });
    const { modules, limits } = ENTITLEMENTS_OF_PLANS.core;
    const issuedAt = payload.iat ?? 0;
    expect(payload).toMatchObject({
      sub: id,
      aud: scene.cell.id,
      plan: 'core',
      modules,
      limits,
      billing: 'ok',
      late_at: issuedAt + DAY,
      grace_at: issuedAt + 16 * DAY,
      exp: issuedAt + 30 * DAY,
    });
    expect(payload).not.toHaveProperty('read_only_at');
  });

  it('is the same until something changes, and has a higher serial afterwards', async () => {
    const before = await claims();
    await scene.plane.patch(`/api/tenants/${id}`, { name: 'Renamed' }).expect(200);
    expect(await claims()).toEqual(before);
    await scene.plane.patch(`/api/tenants/${id}`, { plan: 'operations' }).expect(200);
    const after = await claims();
    expect(after).toMatchObject({ plan: 'operations', limits: ENTITLEMENTS_OF_PLANS.operations.limits });
    expect(after.serial).toBeGreaterThan(before.serial);
  });

  it('grants what was agreed with the tenant in addition to its plan', async () => {
    const agreed = { limits: { agents: 11 }, modules: ['ai_runbook_drafts'] };
    const { body } = await scene.plane.patch(`/api/tenants/${id}`, { plan_overrides: agreed }).expect(200);
    expect(body.plan_overrides).toEqual(agreed);
    expect(await claims()).toMatchObject({
      limits: { ...ENTITLEMENTS_OF_PLANS.core.limits, agents: 11 },
      modules: expect.arrayContaining(['ai_runbook_drafts']),
    });
    await scene.plane.patch(`/api/tenants/${id}`, { plan_overrides: null }).expect(200);
    expect((await claims()).limits).toEqual(ENTITLEMENTS_OF_PLANS.core.limits);
  });

  it.each([
    [{ limits: { wheels: 4 } }, 'limits must not contain wheels'],
    [{ limits: { agents: -1 } }, 'as agents'],
    [{ limits: { agents: '4' } }, 'as agents'],
    [{ modules: ['time_travel'] }, 'modules'],
  ])('refuses the agreement %j', async (agreed, message) => {
    const { body } = await scene.plane.patch(`/api/tenants/${id}`, { plan_overrides: agreed }).expect(400);
    expect(JSON.stringify(body.errors)).toContain(message);
  });

  it('is renewed six hours after it was issued, by one of two concurrent sweeps', async () => {
    const before = await claims();
    const renewals = scene.plane.app.get(LeaseRenewals);
    scene.plane.clock.advance(6 * 3600);
    await renewals.sweep();
    expect(await claims()).toEqual(before);
    scene.plane.clock.advance(1);
    const revision = revisionOf(scene.cell.revision);
    await Promise.all([renewals.sweep(), renewals.sweep()]);
    const after = await claims();
    expect(revisionOf(scene.cell.revision)).toBe(revision + 1);
    expect(after).toMatchObject({ iat: seconds(), exp: seconds() + 30 * DAY });
    await renewals.sweep();
    expect((await scene.cell.pull()).status).toBe(204);
  });

  it('is left out once it has ended, until it is renewed', async () => {
    scene.plane.clock.advance(30 * DAY);
    const before = (await scene.cell.pullAll()).tenants.find(({ tenant_id }) => tenant_id === id);
    expect(before).not.toHaveProperty('lease');
    await scene.cell.report();
    await scene.plane.app.get(LeaseRenewals).sweep();
    expect((await claims()).iat).toBe(seconds());
  });

  it('is renewed with at most 50 others at a time, so that a fleet is not renewed in one burst', async () => {
    const copies: string[] = [];
    await scene.plane.app.get(Database).write(async (manager) => {
      const [tenant, place] = [
        await manager.findOneByOrFail(Tenant, { id }),
        await manager.findOneByOrFail(Placement, { tenantId: id }),
      ];
      for (let n = 0; n < 60; n += 1) {
        const copy = uuidv7(scene.plane.clock.now());
        copies.push(copy);
        await insertRow(manager, Tenant, { ...tenant, id: copy, slug: `copy-${n}` });
        await insertRow(manager, Placement, { ...place, tenantId: copy });
      }
    });
    scene.plane.clock.advance(6 * 3600 + 1);
    await scene.cell.report();
    const renewals = scene.plane.app.get(LeaseRenewals);
    const renewed = (): Promise<number> => scene.plane.count(Tenant, { leasedAt: scene.plane.clock.now() });
    await renewals.sweep();
    expect(await renewed()).toBe(50);
    await renewals.sweep();
    expect(await renewed()).toBeGreaterThan(60);
    await scene.plane.remove(Placement, { tenantId: In(copies) });
    await scene.plane.remove(Tenant, { id: In(copies) });
  });

  it('is not renewed while the plane is silent, and its end is told once', async () => {
    const before = await claims();
    const end = new Date(before.exp * 1000).toISOString();
    const told = async () =>
      (await scene.plane.rows(OutgoingEvent, { subject: `tenant:${id}`, type: 'lease.ending' })).map(
        ({ data }) => data,
      );
    const sweep = () => scene.plane.app.get(LeaseRenewals).sweep();
    await scene.plane.change(TenantPlane, { id: scene.cell.id }, { lastReportAt: new Date(0) });
    scene.plane.clock.advance(16 * DAY - 1);
    await sweep();
    expect(await told()).toEqual([]);
    scene.plane.clock.advance(2);
    await Promise.all([sweep(), sweep()]);
    await sweep();
    const { slug, name } = await scene.tenant(id);
    expect(await told()).toEqual([
      expect.objectContaining({
        tenant: { id, slug, name },
        lease: { serial: before.serial, expires_at: end },
      }),
    ]);
    await scene.cell.report();
    await sweep();
    expect((await claims()).iat).toBe(seconds());
    expect(await told()).toHaveLength(1);
  });

  it('tells its end once, although several processes look at once, and one starts later', async () => {
    if (driver === 'sqlite') return;
    // Processes that start also send events, and delete those that nobody has subscribed to.
    const add = jest.spyOn(Outbox.prototype, 'add');
    const told = () =>
      add.mock.calls.filter(([, { type, subject }]) => type === 'lease.ending' && subject.endsWith(id));
    const second = await TestControlPlane.open(scene.plane.database, scene.plane.clock);
    await scene.plane.change(TenantPlane, { id: scene.cell.id }, { lastReportAt: new Date(0) });
    scene.plane.clock.advance(16 * DAY + 1);
    await Promise.all([scene.plane, second].map(({ app }) => app.get(LeaseRenewals).sweep()));
    await second.app.close();
    const restarted = await TestControlPlane.open(scene.plane.database, scene.plane.clock);
    scene.plane.clock.advance(DAY);
    await restarted.app.get(LeaseRenewals).sweep();
    await restarted.app.close();
    expect(told()).toHaveLength(1);
    add.mockRestore();
    await scene.cell.report();
  });

  it('makes paid extras read-only 14 days after a bill was due, until it is paid', async () => {
    const { body } = await bill('past_due').expect(200);
    const since = scene.plane.clock.now();
    const from = new Date(since.getTime() + 14 * DAY * 1000);
    expect(body).toMatchObject({
      job: null,
      tenant: {
        billing: {
          state: 'past_due',
          past_due_since: since.toISOString(),
          read_only_from: from.toISOString(),
        },
      },
    });
    expect(await claims()).toMatchObject({ billing: 'past_due', read_only_at: from.getTime() / 1000 });
    scene.plane.clock.advance(DAY);
    const again = await bill('past_due').expect(200);
    expect(again.body.tenant.billing.past_due_since).toBe(since.toISOString());
    await bill('ok').expect(200);
    expect(await claims()).toMatchObject({ billing: 'ok' });
    expect(await claims()).not.toHaveProperty('read_only_at');
    const events = await scene.plane.rows(AuditEvent, { action: 'tenant.billing_changed', targetId: id });
    expect(events.map(({ before, after }) => [before, after])).toEqual([
      [{ state: 'ok' }, { state: 'past_due' }],
      [{ state: 'past_due' }, { state: 'ok' }],
    ]);
  });

  it('suspends the tenant for an unpaid bill, and resumes it when the bill is paid', async () => {
    const suspended = await bill('suspended').expect(200);
    expect(suspended.body.job).toMatchObject({ operation: 'suspend' });
    // The reply was lost, and the call is made again.
    expect((await bill('suspended').expect(200)).body.job?.id).toBe(suspended.body.job.id);
    await finishes(suspended.body.job.id, 'suspended');
    expect((await bill('suspended').expect(200)).body.job).toBeNull();
    expect(await scene.tenant(id)).toMatchObject({ suspension_reason: 'The bill is unpaid.' });
    const refused = await scene.plane.post(`/api/tenants/${id}/resume`, {}).expect(409);
    expect(refused.body.code).toBe('bill_unpaid');
    const paid = await bill('ok').expect(200);
    expect(paid.body.job).toMatchObject({ operation: 'resume' });
    await finishes(paid.body.job.id, 'active');
    expect(await scene.tenant(id)).toMatchObject({ status: 'active', billing: { state: 'ok' } });
  });

  it('leaves a tenant suspended that was suspended for another reason', async () => {
    const { job } = (await scene.plane.post(`/api/tenants/${id}/suspend`, {}).expect(202)).body;
    await finishes(job.id, 'suspended');
    expect((await bill('suspended').expect(200)).body.job).toBeNull();
    expect((await bill('ok').expect(200)).body.job).toBeNull();
    expect(await scene.tenant(id)).toMatchObject({ status: 'suspended' });
  });

  it("does not cancel an operator's own resume, and is unpaid once that has ended", async () => {
    const { job } = (await scene.plane.post(`/api/tenants/${id}/suspend`, {}).expect(202)).body;
    await finishes(job.id, 'suspended');
    let unpaid: { status: number; body: { code: string } } | undefined;
    const tried = scene.before('resume', async () => void (unpaid = await bill('suspended')));
    const resumed = (await scene.plane.post(`/api/tenants/${id}/resume`, {}).expect(202)).body;
    await tried;
    await finishes(resumed.job.id, 'active');
    expect([unpaid?.status, unpaid?.body.code]).toEqual([409, 'operation_in_progress']);
    expect(await scene.tenant(id)).toMatchObject({ status: 'active', billing: { state: 'ok' } });
    const { body } = await bill('suspended').expect(200);
    await finishes(body.job.id, 'suspended');
  });

  it('is paid at once although the job that suspends the tenant still waits for its plane', async () => {
    const { job } = (await bill('suspended').expect(200)).body;
    await eventually(async () => (await scene.tenant(id)).status === 'suspended');
    const paid = await bill('ok').expect(200);
    expect(paid.body.job).toMatchObject({ operation: 'resume' });
    await scene.reaches(job.id, 'cancelled');
    await finishes(paid.body.job.id, 'active');
    expect(await scene.tenant(id)).toMatchObject({ status: 'active', billing: { state: 'ok' } });
  });

  it('is unpaid again at once although the job that resumes the tenant still waits', async () => {
    const first = (await bill('suspended').expect(200)).body.job;
    await finishes(first.id, 'suspended');
    const resuming = (await bill('ok').expect(200)).body.job;
    await eventually(async () => (await scene.tenant(id)).status === 'active');
    const { job } = (await bill('suspended').expect(200)).body;
    await scene.reaches(resuming.id, 'cancelled');
    await finishes(job.id, 'suspended');
    expect((await bill('suspended').expect(200)).body.job).toBeNull();
  });

  it('says whether the tenant is suspended, with a higher serial', async () => {
    const before = await claims();
    expect(before.status).toBe('active');
    const { job } = (await scene.plane.post(`/api/tenants/${id}/suspend`, {}).expect(202)).body;
    await finishes(job.id, 'suspended');
    const after = await claims();
    expect(after).toMatchObject({ status: 'suspended', billing: 'ok' });
    expect(after.serial).toBeGreaterThan(before.serial);
  });

  it('is recorded as paid although the job that was to suspend the tenant was cancelled', async () => {
    const cancelled = scene.before('suspend', async () => {
      const [job] = await scene.plane.rows(ProvisioningJob, { tenantId: id, operation: 'suspend' });
      await scene.act(job?.id ?? '', 'cancel').expect(202);
    });
    const { job } = (await bill('suspended').expect(200)).body;
    await cancelled;
    await scene.reaches(job.id, 'cancelled');
    expect(await scene.tenant(id)).toMatchObject({ status: 'active' });
    const paid = await bill('ok').expect(200);
    expect(paid.body).toMatchObject({ job: null, tenant: { billing: { state: 'ok' } } });
  });

  it('starts one job for two concurrent calls', async () => {
    const answers = await Promise.all([bill('suspended'), bill('suspended')]);
    expect(answers.map(({ status }) => status)).toEqual([200, 200]);
    expect(new Set(answers.map(({ body }) => body.job?.id)).size).toBe(1);
    await finishes(answers[0]?.body.job.id, 'suspended');
  });

  it('is changed once if COMMITs fail and the call is repeated until it is answered', async () => {
    const answers: number[] = [];
    faults.begin();
    // Background work may meet the first fault.
    while (!answers.includes(503) || answers.at(-1) !== 200) answers.push((await bill('past_due')).status);
    faults.end();
    expect(await changes()).toBe(1);
    expect(await claims()).toMatchObject({ billing: 'past_due' });
  });

  it('is not changed by an operator whose access ends while the call waits', async () => {
    const before = await claims();
    const email = 'leaving@example.com';
    await scene.plane.createOperator(email, 'admin');
    const token = await scene.plane.login(email);
    const [{ id: operatorId = '' } = {}] = await scene.plane.rows(Operator, { email });
    await using held = await HeldRow.by(scene.plane, async (manager) => {
      await lockOperator(manager, operatorId);
      await manager.update(Operator, { id: operatorId }, { disabledAt: scene.plane.clock.now() });
    });
    const answers = Promise.all([
      bill('suspended', { token }),
      scene.plane.post(`/api/tenants/${id}/lease`, {}, { token }),
    ]);
    await held.untilWaiting(2);
    await held.release();
    for (const { status, body } of await answers) {
      expect(status).toBe(401);
      expect(body).not.toHaveProperty('lease');
    }
    expect(await changes()).toBe(0);
    expect(await claims()).toEqual(before);
  });

  it('is issued as a file that is valid for longer, with a higher serial each time', async () => {
    const before = await claims();
    const first = await scene.plane.post(`/api/tenants/${id}/lease`, {}).expect(200);
    const issued = decodeJwt<LeaseClaims>(first.body.lease);
    expect(issued).toMatchObject({
      sub: id,
      aud: scene.cell.id,
      serial: first.body.serial,
      exp: issued.iat + 90 * DAY,
      late_at: issued.iat + 60 * DAY,
      grace_at: issued.iat + 76 * DAY,
    });
    expect(issued.serial).toBeGreaterThan(before.serial);
    const next = await scene.plane.post(`/api/tenants/${id}/lease`, { valid_days: 30 }).expect(200);
    expect(next.body.serial).toBeGreaterThan(first.body.serial);
    expect(decodeJwt(next.body.lease).exp).toBe(Date.parse(next.body.expires_at) / 1000);
    for (const valid_days of [29, 401])
      await scene.plane.post(`/api/tenants/${id}/lease`, { valid_days }).expect(400);
  });

  it('never ends before the newest file, whichever way it reaches the plane', async () => {
    const file = await scene.plane.post(`/api/tenants/${id}/lease`, { valid_days: 40 }).expect(200);
    const until = Date.parse(file.body.expires_at) / 1000;
    const { serial, issued_at, expires_at } = file.body;
    const { body: tenant } = await scene.plane.get(`/api/tenants/${id}`).expect(200);
    expect(tenant.lease).toEqual({ serial, issued_at, expires_at });
    await scene.plane.patch(`/api/tenants/${id}`, { plan: 'operations' }).expect(200);
    const renewed = await claims();
    expect(renewed).toMatchObject({ plan: 'operations', exp: until, late_at: until - 30 * DAY });
    scene.plane.clock.advance(20 * DAY);
    await scene.cell.report();
    await scene.plane.app.get(LeaseRenewals).sweep();
    expect(await claims()).toMatchObject({ exp: seconds() + 30 * DAY, late_at: seconds() + DAY });
  });

  it('lists the plans', async () => {
    const { body } = await scene.plane.get('/api/plans').expect(200);
    expect(body).toEqual(PLANS.map((key) => ({ key, ...ENTITLEMENTS_OF_PLANS[key] })));
  });

  describe('usage', () => {
    const amount = (day: string, alerts: number, tenant_id = id): object => ({
      tenant_id,
      day,
      meter: 'alerts',
      amount: alerts,
    });
    const usage = async (month = '2030-01') =>
      (await scene.plane.get(`/api/tenants/${id}/usage?month=${month}`).expect(200)).body;
    const report = (...amounts: object[]) => scene.cell.report([], { usage: { amounts } });

    it('counts a day once, however often it is reported, and never less than before', async () => {
      await report(amount('2030-01-02', 5), amount('2030-01-03', 1));
      await Promise.all([report(amount('2030-01-02', 7)), report(amount('2030-01-02', 6))]);
      await report(amount('2030-01-02', 6));
      expect(await usage()).toEqual({
        month: '2030-01',
        days: [
          { day: '2030-01-02', amounts: { alerts: 7 } },
          { day: '2030-01-03', amounts: { alerts: 1 } },
        ],
        total: { alerts: 8 },
      });
      expect((await usage('2030-02')).days).toEqual([]);
    });

    it.each([
      [{ day: '2030-1-5' }, 'day'],
      [{ amount: -1 }, 'amount'],
      [{ meter: 'wheels' }, 'meter'],
    ])('refuses a report with %j', async (changes, field) => {
      const answer = await report({ ...amount('2030-01-05', 9), ...changes });
      expect(answer.status).toBe(400);
      expect(answer.text).toContain(field);
    });

    // Last, because later tenants could be placed on the other plane.
    it('counts nothing that a plane reports on a tenant of another plane', async () => {
      const other = await scene.plane.enrolledCell();
      const answer = await other.report([], { usage: { amounts: [amount('2030-01-05', 9)] } });
      expect(answer.status).toBe(200);
      expect((await usage()).days).toEqual([]);
    });
  });
});
