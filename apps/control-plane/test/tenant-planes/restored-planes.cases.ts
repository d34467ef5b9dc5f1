import { randomUUID } from 'node:crypto';
import { CommitFaults, EVERY_DATABASE } from '@atlas/testing';
import { AuditEvent } from '../../src/audit/audit-event.entity';
import { OutgoingEvent } from '../../src/outbox/outgoing-event.entity';
import { Placement } from '../../src/registry/placement.entity';
import { TenantPlane } from '../../src/registry/tenant-plane.entity';
import { TestControlPlane } from '../control-plane.fixture';
import { type PlaneSimulator } from '../plane-simulator.fixture';

describe.each(EVERY_DATABASE)('a restored tenant plane on %s', (driver) => {
  let plane: TestControlPlane;
  let faults: CommitFaults;

  beforeAll(async () => {
    faults = await CommitFaults.start();
    plane = await TestControlPlane.boot(driver, {}, undefined, (url) => faults.through(url));
  });
  afterAll(async () => {
    await plane.close();
    await faults.stop();
  });

  const shown = async ({ id }: PlaneSimulator) => (await plane.get(`/api/tenant-planes/${id}`)).body;
  const audited = ({ id: targetId }: PlaneSimulator, action: string) =>
    plane.count(AuditEvent, { action: `tenant_plane.${action}`, targetId });
  /** An original that has reported three times, and its restored copy, which has not. */
  const restored = async (original?: PlaneSimulator) => {
    const first = original ?? (await plane.enrolledCell());
    for (let turn = 0; turn < 3; turn += 1) await first.report([], { version: '0.0.8' });
    const copy = first.copy();
    copy.incarnation = randomUUID();
    return { first, copy };
  };

  it('is accepted although its report numbers are old, and is not taken for a fork', async () => {
    const { first, copy } = await restored();
    const answer = await copy.report([], { version: '0.0.9' });
    expect(answer.body).toEqual({ usage_counted: true });
    expect(await shown(first)).toMatchObject({
      version: '0.0.9',
      identity_forked: false,
      health: 'online',
      incarnation: copy.incarnation,
      replaced_copies: [{ incarnation: null, reported_at: null }],
    });
    expect([await audited(first, 'restored'), await audited(first, 'identity_forked')]).toEqual([1, 0]);
    for (let turn = 0; turn < 3; turn += 1) await copy.report();
    expect([await audited(first, 'restored'), await audited(first, 'identity_forked')]).toEqual([1, 0]);
  });

  it('makes the original the outdated copy: it is flagged at its next report, which learns it', async () => {
    const { first, copy } = await restored();
    await copy.report([], { version: '0.0.9' });
    const answer = await first.report([], { version: '0.0.8' });
    expect([answer.status, answer.body]).toEqual([200, { copied: true }]);
    const view = await shown(first);
    expect(view).toMatchObject({ identity_forked: true, version: '0.0.9', incarnation: copy.incarnation });
    expect(view.replaced_copies).toEqual([
      { incarnation: null, replaced_at: expect.any(String), reported_at: expect.any(String) },
    ]);
    for (let turn = 0; turn < 3; turn += 1) await first.report();
    expect(await audited(first, 'identity_forked')).toBe(1);
    expect(await plane.count(OutgoingEvent, { type: 'tenant_plane.copied' })).toBeGreaterThan(0);
    expect((await copy.report()).body).toEqual({ usage_counted: true });
  });

  it('keeps what the original says about tenants and usage from counting', async () => {
    const region = `restored-${driver}`;
    const cell = await plane.enrolledCell({ region });
    const { body } = await plane.provision({ region });
    const tenantId: string = body.tenant.id;
    await cell.serve(tenantId);
    const { copy } = await restored(cell);
    await copy.report();
    const entry_revision = cell.tenants.get(tenantId)?.entry_revision ?? 0;
    await cell.report([{ tenant_id: tenantId, state: 'failed', entry_revision, error: 'old' }]);
    expect(await plane.rows(Placement, { tenantId })).toMatchObject([{ reportedState: 'applied' }]);
  });

  it('can be restored again, and both earlier copies are outdated', async () => {
    const { first, copy } = await restored();
    await copy.report();
    const again = first.copy();
    again.incarnation = randomUUID();
    expect((await again.report()).body).toEqual({ usage_counted: true });
    expect((await copy.report()).body).toEqual({ copied: true });
    expect((await first.report()).body).toEqual({ copied: true });
    const { replaced_copies: replaced } = await shown(first);
    expect(replaced.map(({ incarnation }: { incarnation: string }) => incarnation)).toEqual([
      null,
      copy.incarnation,
    ]);
  });

  it('may be older than a backup of a tenant, so a rollback no longer trusts it', async () => {
    const { first, copy } = await restored();
    const [before] = await plane.rows(TenantPlane, { id: first.id });
    await copy.report();
    const [after] = await plane.rows(TenantPlane, { id: first.id });
    expect([before?.forkedAt, after?.forkedAt]).toEqual([null, expect.any(Date)]);
  });

  it('counts only once if its first report is repeated, or if two arrive at once', async () => {
    const { first, copy } = await restored();
    await Promise.all([copy.report([], { sequence: 1 }), copy.report([], { sequence: 2 })]);
    await copy.report([], { sequence: 2 });
    expect(await audited(first, 'restored')).toBe(1);
    expect((await shown(first)).replaced_copies).toHaveLength(1);
  });

  it('counts once if the COMMITs of its first reports fail, whether or not they took effect', async () => {
    const { first, copy } = await restored();
    faults.begin();
    while ((await copy.report()).status !== 200);
    faults.end();
    expect(faults.count).toBeGreaterThan(0);
    const { incarnation, replaced_copies: replaced } = await shown(first);
    expect([incarnation, replaced.length, await audited(first, 'restored')]).toEqual([
      copy.incarnation,
      1,
      1,
    ]);
  });

  it('is settled by a new install bundle: the copy that enrols with it counts', async () => {
    const { first, copy } = await restored();
    await copy.report();
    const anew = await plane.reissue(first);
    expect((await anew.enrol()).status).toBe(200);
    expect((await anew.report()).body).toEqual({ usage_counted: true });
    expect(await shown(first)).toMatchObject({ incarnation: null });
  });

  describe('of which an operator keeps the original', () => {
    const keep = ({ id }: PlaneSimulator, copy: string, options = {}) =>
      plane.post(`/api/tenant-planes/${id}/keep-copy`, { copy }, options);

    it('is the outdated copy from then on, and the original is told so no more', async () => {
      const { first, copy } = await restored();
      for (let turn = 0; turn < 3; turn += 1) await copy.report();
      await first.report();
      const { body } = await keep(first, 'original').expect(200);
      expect(body.tenant_plane).toMatchObject({ incarnation: null });
      expect((await first.report([], { version: '0.0.7' })).body).toEqual({ usage_counted: true });
      expect((await copy.report()).body).toEqual({ copied: true });
      expect(await shown(first)).toMatchObject({ version: '0.0.7', replaced_copies: [{}] });
      await keep(first, copy.incarnation ?? '').expect(200);
      expect((await copy.report()).body).toEqual({ usage_counted: true });
    });

    /** To see it fail, leave out `forkedAt` in `KeptCopies.keep`. */
    it('has rows that a running job has not seen, so a rollback no longer trusts them', async () => {
      const { first, copy } = await restored();
      await copy.report();
      const forkedAt = async () => (await plane.rows(TenantPlane, { id: first.id }))[0]?.forkedAt;
      const before = await forkedAt();
      plane.clock.advance(1);
      await keep(first, 'original').expect(200);
      const after = await forkedAt();
      expect(after?.getTime()).toBeGreaterThan(before?.getTime() ?? Infinity);
      expect(await shown(first)).toMatchObject({ identity_forked: false });
    });

    it('is decided once, however often and however many ask at once', async () => {
      const { first, copy } = await restored();
      await copy.report();
      const answers = await Promise.all([1, 2, 3].map(() => keep(first, 'original')));
      expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
      expect(await audited(first, 'copy_kept')).toBe(1);
    });

    it('is decided once although COMMITs fail', async () => {
      const { first, copy } = await restored();
      await copy.report();
      faults.begin();
      while ((await keep(first, 'original')).status !== 200);
      faults.end();
      expect(await audited(first, 'copy_kept')).toBe(1);
      expect(await shown(first)).toMatchObject({ incarnation: null });
    });

    it('is refused for a copy that never was', async () => {
      const { first } = await restored();
      const { body } = await keep(first, randomUUID()).expect(422);
      expect(body).toMatchObject({ code: 'unknown_copy' });
      await keep(first, 'the other one').expect(400);
    });
  });

  it('is no longer believed after fifty restores, so that reports cannot fill the database', async () => {
    const { first, copy } = await restored();
    for (let turn = 0; turn < 50; turn += 1) {
      copy.incarnation = randomUUID();
      expect((await copy.report()).body).toEqual({ usage_counted: true });
    }
    copy.incarnation = randomUUID();
    expect((await copy.report()).body).toEqual({ copied: true });
    expect((await shown(first)).replaced_copies).toHaveLength(50);
  });

  it('can be claimed only with a valid signature', async () => {
    const { first } = await restored();
    const thief = first.copy({ secret: `ats_${'x'.repeat(43)}` });
    thief.incarnation = randomUUID();
    expect((await thief.report()).status).toBe(401);
    expect(await shown(first)).toMatchObject({ incarnation: null, replaced_copies: [] });
  });

  it('tells a copy of the disk that another one has sent its report number', async () => {
    const { first } = await restored();
    const clone = first.copy();
    await first.report();
    expect((await clone.report()).body).toEqual({ usage_counted: true, copied: true });
  });
});
