import { randomUUID } from 'node:crypto';
import { EVERY_DATABASE } from '@atlas/testing';
import { AuditEvent } from '../../src/audit/audit-event.entity';
import { Placement } from '../../src/tenant-planes/placement.entity';
import { TenantPlane } from '../../src/tenant-planes/tenant-plane.entity';
import { TestControlPlane } from '../control-plane.fixture';
import { type PlaneSimulator, bodyOf, refusal } from '../plane-simulator.fixture';

describe.each(EVERY_DATABASE)('a report of a tenant plane on %s', (driver) => {
  let plane: TestControlPlane;
  beforeAll(async () => (plane = await TestControlPlane.boot(driver)));
  afterAll(() => plane.close());

  it('on a tenant of another plane is refused, and nothing of it is recorded', async () => {
    const [home, stranger] = [
      await plane.enrolledCell({ region: 'home' }),
      await plane.enrolledCell({ region: 'strange' }),
    ];
    const { body } = await plane.provision({ region: 'home' });
    const { body: other } = await plane.provision({ region: 'strange' });
    const [theirs] = bodyOf<{ tenants: { entry_revision: number }[] }>(await home.pull(20)).tenants;
    const [own] = bodyOf<{ tenants: { entry_revision: number }[] }>(await stranger.pull(20)).tenants;
    const answer = await stranger.report([
      { tenant_id: other.tenant.id, state: 'applied', entry_revision: own?.entry_revision ?? 0 },
      { tenant_id: body.tenant.id, state: 'applied', entry_revision: theirs?.entry_revision ?? 0 },
    ]);
    expect(refusal(answer)).toEqual([403, 'tenant_not_on_plane']);
    expect((await plane.rows(Placement, { reportedState: 'applied' })).map((row) => row.tenantId)).toEqual(
      [],
    );
    const [row] = await plane.rows(TenantPlane, { id: stranger.id });
    expect([row?.lastReportAt, row?.sequence]).toEqual([null, 0]);
  });

  it('on a tenant that does not exist is refused alike', async () => {
    const answer = await (
      await plane.enrolledCell()
    ).report([{ tenant_id: randomUUID(), state: 'applied', entry_revision: 1 }]);
    expect(refusal(answer)).toEqual([403, 'tenant_not_on_plane']);
  });

  it('on an entry that was replaced, or has yet to be published, says nothing of the one that counts', async () => {
    const cell = await plane.enrolledCell({ region: 'late' });
    const { body } = await plane.provision({ region: 'late' });
    const { id: tenantId } = body.tenant;
    await cell.serve(tenantId);
    const first = cell.tenants.get(tenantId)?.entry_revision ?? 0;
    await plane.patch(`/api/tenants/${tenantId}`, { plan: 'enterprise' }).expect(200);
    while (cell.tenants.get(tenantId)?.entry_revision === first) await cell.pull(10);
    await cell.serve(tenantId);
    const reported = async () => {
      const [place] = await plane.rows(Placement, { tenantId });
      return [place?.reportedRevision, place?.reportedState];
    };
    expect(await reported()).toEqual([first + 1, 'applied']);
    for (const entry_revision of [first, first + 2]) {
      const late = { tenant_id: tenantId, state: 'failed', entry_revision } as const;
      expect((await cell.report([late])).status).toBe(200);
      expect(await reported()).toEqual([first + 1, 'applied']);
    }
  });

  it('is shown with its version, and as offline after 75 s of silence', async () => {
    const talker = await plane.enrolledCell();
    await talker.report([], { version: '0.0.9' });
    const health = async () => {
      const { body } = await plane.get('/api/tenant-planes');
      return body.items.find((item: { id: string }) => item.id === talker.id);
    };
    expect(await health()).toMatchObject({ version: '0.0.9', health: 'online', identity_forked: false });
    plane.clock.advance(76);
    expect(await health()).toMatchObject({ health: 'offline' });
    await talker.report();
    expect(await health()).toMatchObject({ health: 'online' });
  });

  describe('of another process with a number that was there', () => {
    const shown = async ({ id }: PlaneSimulator) => {
      const { body } = await plane.get('/api/tenant-planes');
      return body.items.find((item: { id: string }) => item.id === id);
    };
    const alarms = ({ id: targetId }: PlaneSimulator) =>
      plane.count(AuditEvent, { action: 'tenant_plane.identity_forked', targetId });
    const copyOf = async (original: PlaneSimulator): Promise<PlaneSimulator> => {
      for (let turn = 0; turn < 3; turn += 1) await original.report();
      return original.copy();
    };

    it('is shown as forked for as long as both report, alarmed once, and not blocked', async () => {
      const original = await plane.enrolledCell();
      const copy = await copyOf(original);
      for (let turn = 0; turn < 3; turn += 1) {
        for (const one of [copy, original]) expect((await one.report()).status).toBe(200);
        expect(await shown(original)).toMatchObject({ identity_forked: true });
        plane.clock.advance(400);
      }
      expect(await alarms(original)).toBe(1);
    });

    it('is no longer shown once the other has been silent for ten minutes', async () => {
      const original = await plane.enrolledCell();
      await (await copyOf(original)).report();
      plane.clock.advance(601);
      await original.report();
      expect(await shown(original)).toMatchObject({ identity_forked: false, health: 'online' });
    });

    it('is believed what it says of itself, as it may have been restored', async () => {
      const original = await plane.enrolledCell();
      const restored = await copyOf(original);
      await restored.report([], { version: '0.0.8' });
      expect(await shown(original)).toMatchObject({ identity_forked: true, version: '0.0.8' });
      plane.clock.advance(601);
      await restored.report([], { version: '0.0.9' });
      expect(await shown(original)).toMatchObject({ identity_forked: false, version: '0.0.9' });
      expect(await alarms(original)).toBe(1);
    });

    it('says nothing new when it is an old one of the same process', async () => {
      const one = await plane.enrolledCell();
      for (const version of ['0.0.8', '0.0.9']) await one.report([], { version });
      await one.report([], { sequence: 1, version: '0.0.8' });
      expect(await shown(one)).toMatchObject({ version: '0.0.9' });
    });
  });

  it.each([
    ['a sequence', { sequence: 2 ** 40 }],
    ['no sequence', { sequence: 0 }],
    ['a link id that is none', { link_id: 'copy' }],
    ['an unknown field', { colour: 'red' }],
    ['health that is a text', { health: 'fine' }],
    [
      'an entry revision',
      { tenants: [{ tenant_id: randomUUID(), state: 'applied', entry_revision: 2 ** 40 }] },
    ],
    ['an unknown state', { tenants: [{ tenant_id: randomUUID(), state: 'odd', entry_revision: 1 }] }],
  ])('that no column holds or no class knows is refused: %s', async (_, changes) => {
    const talker = await plane.enrolledCell();
    expect(refusal(await talker.report([], changes))).toEqual([400, 'validation_failed']);
    expect((await plane.rows(TenantPlane, { id: talker.id }))[0]?.lastReportAt).toBeNull();
  });

  it.each([{ health: { text: 'a\u0000b' } }, { revision: 'a\u0000b' }, { version: 'a\u0000b' }])(
    'with a text that Postgres cannot store is no error of ours: %j',
    async (changes) => {
      const talker = await plane.enrolledCell();
      expect([200, 400]).toContain((await talker.report([], changes)).status);
      expect((await talker.report()).status).toBe(200);
    },
  );

  it('again because the answer was lost is no fork', async () => {
    const honest = await plane.enrolledCell();
    await honest.report();
    await honest.report([], { sequence: 1 });
    expect((await plane.rows(TenantPlane, { id: honest.id }))[0]?.forkedAt).toBeNull();
  });
});
