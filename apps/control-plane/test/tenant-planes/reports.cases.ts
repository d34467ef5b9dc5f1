import { randomUUID } from 'node:crypto';
import { EVERY_DATABASE } from '@atlas/testing';
import { AuditEvent } from '../../src/audit/audit-event.entity';
import { Placement } from '../../src/tenant-planes/placement.entity';
import { TenantPlane } from '../../src/tenant-planes/tenant-plane.entity';
import { TestControlPlane } from '../control-plane.fixture';
import { bodyOf, refusal } from '../plane-simulator.fixture';

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

  it('as the copy of another is shown as forked, alarmed once, and not blocked', async () => {
    const original = await plane.enrolledCell();
    await original.report();
    await original.report();
    for (const turn of [1, 2]) {
      const answer = await original.report([], { sequence: turn, link_id: randomUUID() });
      expect(answer.status).toBe(200);
    }
    const [row] = await plane.rows(TenantPlane, { id: original.id });
    expect(row?.forkedAt).not.toBeNull();
    const alarm = { action: 'tenant_plane.identity_forked', targetId: original.id };
    expect(await plane.count(AuditEvent, alarm)).toBe(1);
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
