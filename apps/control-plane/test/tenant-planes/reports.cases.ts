import { randomUUID } from 'node:crypto';
import { modelsWhere } from '@atlas/deployment-profiles';
import { type DesiredState } from '@atlas/plane-contract';
import { EVERY_DATABASE, eventually } from '@atlas/testing';
import { AuditEvent } from '../../src/audit/audit-event.entity';
import { Placement } from '../../src/registry/placement.entity';
import { TenantPlane } from '../../src/registry/tenant-plane.entity';
import { TestControlPlane } from '../control-plane.fixture';
import { besideHeldTenant } from '../held-operator.fixture';
import { PlaneSimulator, bodyOf, refusal } from '../plane-simulator.fixture';
import { formerHome } from '../travel-scene.fixture';

describe.each(EVERY_DATABASE)("a tenant plane's report on %s", (driver) => {
  let plane: TestControlPlane;
  beforeAll(async () => (plane = await TestControlPlane.boot(driver)));
  afterAll(() => plane.close());

  it('is refused as a whole if it names a tenant of another plane', async () => {
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

  it('shows which planes run an older version than the newest one', async () => {
    const [old, current] = [
      await plane.enrolledCell({ region: 'old' }),
      await plane.enrolledCell({ region: 'new' }),
    ];
    await old.report([], { version: '0.0.9' });
    await current.report([], { version: '0.1.0' });
    const { body } = await plane.get('/api/versions').expect(200);
    expect(body).toEqual({ latest: '0.1.0', supported_from: '0.0.0', planes: expect.any(Array) });
    expect(body.planes).toEqual(
      expect.arrayContaining([
        { tenant_plane_id: old.id, version: '0.0.9', behind: true },
        { tenant_plane_id: current.id, version: '0.1.0', behind: false },
      ]),
    );
  });

  it('is refused with the same error for an unknown tenant as for a tenant of another plane', async () => {
    const answer = await (
      await plane.enrolledCell()
    ).report([{ tenant_id: randomUUID(), state: 'applied', entry_revision: 1 }]);
    expect(refusal(answer)).toEqual([403, 'tenant_not_on_plane']);
  });

  it('changes nothing for an entry that was replaced or is not published yet', async () => {
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

  it('counts only as a heartbeat if it predates a restore of the Control Plane', async () => {
    const region = `epoch-${driver}`;
    const cell = await plane.enrolledCell({ region });
    const { body } = await plane.provision({ region });
    const { id: tenantId } = body.tenant;
    await cell.pull(20);
    const entry_revision = cell.tenants.get(tenantId)?.entry_revision ?? 0;
    const applied = { tenant_id: tenantId, state: 'applied', entry_revision } as const;
    // A tenant provisioned after the backup from which the Control Plane was restored.
    const unknown = { ...applied, tenant_id: randomUUID() };
    const before = { revision: 'abcdef012345.7', version: '0.0.9' };
    expect((await cell.report([applied, unknown], before)).status).toBe(200);
    const place = async () => (await plane.rows(Placement, { tenantId }))[0];
    expect(await place()).toMatchObject({ reportedRevision: 0, reportedState: null });
    const [row] = await plane.rows(TenantPlane, { id: cell.id });
    expect(row).toMatchObject({ version: '0.0.9', lastReportAt: plane.clock.now() });
    await cell.report([applied]);
    expect(await place()).toMatchObject({ reportedRevision: entry_revision, reportedState: 'applied' });
  });

  it('no longer counts once the Control Plane is restored, unless the tenant plane is retired', async () => {
    const cell = await plane.enrolledCell({ region: `restored-${driver}` });
    const { body } = await plane.provision({ region: `restored-${driver}` });
    const { id: tenantId } = body.tenant;
    await cell.serve(tenantId);
    const entry_revision = cell.tenants.get(tenantId)?.entry_revision ?? 0;
    const failed = {
      tenant_id: tenantId,
      state: 'failed',
      entry_revision,
      code: 'copy_missing',
      error: 'x',
    } as const;
    await cell.report([failed]);
    const [heard] = await plane.rows(Placement, { tenantId });
    await plane.change(TenantPlane, { id: cell.id }, { status: 'retired' });
    await plane.beginEpoch();
    expect(await plane.rows(Placement, { tenantId })).toEqual([heard]);
    await plane.change(TenantPlane, { id: cell.id }, { status: 'enrolled' });
    await plane.beginEpoch();
    const unheard = { reportedRevision: 0, reportedState: null, reportedError: null, reportedCode: null };
    expect(await plane.rows(Placement, { tenantId })).toMatchObject([unheard]);
    await cell.pull();
    await cell.report([failed]);
    expect(await plane.rows(Placement, { tenantId })).toEqual([heard]);
  });

  it('counts even if a plane of an older version sends it before fully applying any state', async () => {
    const region = `none-${driver}`;
    const cell = await plane.enrolledCell({ region });
    const { body } = await plane.provision({ region });
    const { id: tenantId } = body.tenant;
    await cell.pull(20);
    const entry_revision = cell.tenants.get(tenantId)?.entry_revision ?? 0;
    await cell.report([{ tenant_id: tenantId, state: 'applied', entry_revision }], { revision: 'none' });
    expect(await plane.rows(Placement, { tenantId })).toMatchObject([{ reportedState: 'applied' }]);
  });

  it("shows the plane's version and, for 75 s, that the plane is online", async () => {
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

  describe('with health checks', () => {
    const FULL = { name: 'disk', status: 'failing', detail: '12 MB free' };
    const listed = async ({ id }: PlaneSimulator) =>
      (await plane.get('/api/tenant-planes')).body.items.find((item: { id: string }) => item.id === id);

    it('shows the failing checks in the list of planes, and counts the plane in the metrics', async () => {
      const cell = await plane.enrolledCell();
      const metric = async (): Promise<number> => {
        const { text } = await plane.get('/metrics').expect(200);
        return Number(/atlas_tenant_planes\{health="failing"\} (\d+)/.exec(text)?.[1]);
      };
      await cell.report([], { health: { status: 'ok' } });
      expect(await listed(cell)).toMatchObject({ health_status: 'ok', health_checks: [] });
      const before = await metric();
      await cell.report([], { health: { status: 'failing', checks: [FULL] } });
      expect(await listed(cell)).toMatchObject({ health_status: 'failing', health_checks: [FULL] });
      expect(await metric()).toBe(before + 1);
      await cell.report([], { health: {} });
      expect(await listed(cell)).toMatchObject({ health_status: null, health_checks: [] });
    });

    it.each([
      ['an unknown status', { status: 'fine' }],
      ['an unknown check', { checks: [{ ...FULL, name: 'soul' }] }],
      ['an overlong detail', { checks: [{ ...FULL, detail: 'x'.repeat(301) }] }],
      ['too many checks', { checks: Array.from({ length: 21 }, () => FULL) }],
    ])('is refused with %s', async (_, health) => {
      const answer = await (await plane.enrolledCell()).report([], { health });
      expect(refusal(answer)).toEqual([400, 'validation_failed']);
    });
  });

  describe('with an old sequence number', () => {
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

    it('is accepted, but raises one alarm and marks the plane as forked', async () => {
      const original = await plane.enrolledCell();
      const copy = await copyOf(original);
      for (let turn = 0; turn < 3; turn += 1) {
        for (const one of [copy, original]) expect((await one.report()).status).toBe(200);
        expect(await shown(original)).toMatchObject({ identity_forked: true });
        plane.clock.advance(400);
      }
      expect(await alarms(original)).toBe(1);
    });

    it('does not count as a fork if the sending process cannot store its sequence numbers', async () => {
      const original = await plane.enrolledCell();
      await original.report();
      // Three processes in turn, none of which can store its numbers.
      for (let turn = 0; turn < 3; turn += 1) {
        for (let count = 0; count < 2; count += 1)
          expect((await original.report([], { stored_sequence: 1, version: `0.0.${turn}` })).status).toBe(
            200,
          );
        expect(await shown(original)).toMatchObject({ identity_forked: false, version: `0.0.${turn}` });
        Object.assign(original, { linkId: randomUUID(), sequence: 1 });
      }
      await original.report([], { version: '0.0.9' });
      expect(await shown(original)).toMatchObject({ identity_forked: false, version: '0.0.9' });
      expect(await alarms(original)).toBe(0);
    });

    it('counts as a fork if the sender cannot store its numbers but the other process can', async () => {
      const original = await plane.enrolledCell();
      await original.report();
      const copy = original.copy();
      const unstored = { stored_sequence: 1 };
      copy.sequence = 7;
      await copy.report([], unstored);
      for (let turn = 0; turn < 2; turn += 1) await original.report();
      expect(await shown(original)).toMatchObject({ identity_forked: false });
      await copy.report([], unstored);
      expect(await shown(original)).toMatchObject({ identity_forked: true });
    });

    it('no longer counts as a fork once the other process has been silent for ten minutes', async () => {
      const original = await plane.enrolledCell();
      await (await copyOf(original)).report();
      plane.clock.advance(601);
      await original.report();
      expect(await shown(original)).toMatchObject({ identity_forked: false, health: 'online' });
    });

    it("still updates the plane's details, because the plane may have been restored", async () => {
      const original = await plane.enrolledCell();
      const restored = await copyOf(original);
      await restored.report([], { version: '0.0.8' });
      expect(await shown(original)).toMatchObject({ identity_forked: true, version: '0.0.8' });
      plane.clock.advance(601);
      await restored.report([], { version: '0.0.9' });
      expect(await shown(original)).toMatchObject({ identity_forked: false, version: '0.0.9' });
      expect(await alarms(original)).toBe(1);
    });

    describe('that was skipped before', () => {
      /**
       * Two replicas share a database. The first has taken a number and is delayed, while the second keeps
       * reporting.
       */
      const heldUp = async () => {
        const first = await plane.enrolledCell();
        await first.report([], { version: '0.0.8' });
        const second = first.copy();
        first.sequence += 1;
        for (const sequence of [3, 4]) await second.report([], { version: '0.0.9', sequence });
        second.sequence = 4;
        return { first, second, number: 2 };
      };

      it("counts as late, not as a fork, and does not update the plane's details", async () => {
        const { first, second, number } = await heldUp();
        await first.report([], { version: '0.0.8', sequence: number });
        expect(await shown(first)).toMatchObject({ identity_forked: false, version: '0.0.9' });
        const [row] = await plane.rows(TenantPlane, { id: first.id });
        expect([row?.sequence, row?.linkId]).toEqual([4, second.linkId]);
        expect(await alarms(first)).toBe(0);
        await second.report([], { version: '0.0.9' });
        expect(await shown(first)).toMatchObject({ identity_forked: false });
      });

      it('counts as late a second time if its process has sent a current report in between', async () => {
        const { first, second, number } = await heldUp();
        await first.report([], { sequence: number });
        await first.report([], { sequence: 5 });
        await second.report([], { sequence: 7 });
        await first.report([], { sequence: 6 });
        expect(await alarms(first)).toBe(0);
      });

      it('counts as late when its own process has sent a newer number first', async () => {
        const one = await plane.enrolledCell();
        for (const sequence of [1, 3, 2]) await one.report([], { sequence });
        expect(await shown(one)).toMatchObject({ identity_forked: false });
      });

      it('counts as a fork if it is the second in a row, however many numbers were skipped', async () => {
        const original = await plane.enrolledCell();
        await original.report();
        const copy = original.copy();
        copy.sequence = original.sequence;
        await original.report([], { sequence: 10 });
        await copy.report();
        expect(await shown(original)).toMatchObject({ identity_forked: false });
        await copy.report();
        expect(await shown(original)).toMatchObject({ identity_forked: true });
        expect(await alarms(original)).toBe(1);
      });

      it('does not override a newer report about a tenant', async () => {
        const region = `late-${driver}`;
        const cell = await plane.enrolledCell({ region });
        const { body } = await plane.provision({ region });
        await cell.serve(body.tenant.id);
        const entry_revision = cell.tenants.get(body.tenant.id)?.entry_revision ?? 0;
        const failed = { tenant_id: body.tenant.id, state: 'failed', entry_revision } as const;
        await cell.report([], { sequence: 9 });
        await cell.copy().report([failed], { sequence: 5 });
        expect(await plane.rows(Placement, { tenantId: body.tenant.id })).toMatchObject([
          { reportedState: 'applied', reportedRevision: entry_revision },
        ]);
      });
    });

    it('does not count as a fork if the plane has enrolled again with an empty database', async () => {
      const old = await plane.enrolledCell();
      for (let turn = 0; turn < 3; turn += 1) await old.report();
      const anew = await plane.reissue(old);
      expect((await anew.enrol()).status).toBe(200);
      await anew.report([], { version: '0.1.1' });
      expect(await shown(old)).toMatchObject({ identity_forked: false, version: '0.1.1' });
    });

    it('changes nothing if the same process has already used the number', async () => {
      const one = await plane.enrolledCell();
      for (const version of ['0.0.8', '0.0.9']) await one.report([], { version });
      await one.report([], { sequence: 1, version: '0.0.8' });
      expect(await shown(one)).toMatchObject({ version: '0.0.9' });
    });
  });

  it.each([
    ['a sequence that is too large', { sequence: 2 ** 40 }],
    ['a sequence of zero', { sequence: 0 }],
    ['an invalid link id', { link_id: 'copy' }],
    ['an unknown field', { colour: 'red' }],
    ['health in the form of text', { health: 'fine' }],
    [
      'an entry revision that is too large',
      { tenants: [{ tenant_id: randomUUID(), state: 'applied', entry_revision: 2 ** 40 }] },
    ],
    ['an unknown state', { tenants: [{ tenant_id: randomUUID(), state: 'odd', entry_revision: 1 }] }],
  ])('is refused as invalid if it contains %s', async (_, changes) => {
    const talker = await plane.enrolledCell();
    expect(refusal(await talker.report([], changes))).toEqual([400, 'validation_failed']);
    expect((await plane.rows(TenantPlane, { id: talker.id }))[0]?.lastReportAt).toBeNull();
  });

  it.each([
    { health: { checks: [{ name: 'disk', status: 'ok', detail: 'a\u0000b' }] } },
    { revision: 'a\u0000b' },
    { version: 'a\u0000b' },
  ])('causes no server error if it contains text that Postgres cannot store: %j', async (changes) => {
    const talker = await plane.enrolledCell();
    expect([200, 400]).toContain((await talker.report([], changes)).status);
    expect((await talker.report()).status).toBe(200);
  });

  describe('with an address', () => {
    const [OLD, NEW] = ['http://127.0.0.1:4200', 'https://atlas.acme.example'];
    const changesOf = ({ id: targetId }: PlaneSimulator) =>
      plane.rows(AuditEvent, { action: 'tenant_plane.address_changed', targetId });
    const addressOf = async ({ id }: PlaneSimulator) =>
      (await plane.rows(TenantPlane, { id }))[0]?.endpointUrl;
    const tenant = async (id: string) => (await plane.get(`/api/tenants/${id}`).expect(200)).body;
    const resolved = async (slug: string) =>
      (await plane.get(`/api/routing/resolve?host=${slug}.atlas.example`).expect(200)).body;

    /** A customer's plane that has enrolled with the address OLD and serves its tenant. */
    async function installed(deployment_model: string) {
      const { body } = await plane.provision({ deployment_model }).expect(202);
      const customers = new PlaneSimulator(plane.url, plane.clock, body.tenant.tenant_plane_id, body.install);
      await customers.enrol({ endpoint_url: OLD, deployment_model });
      await customers.serve(body.tenant.id);
      await eventually(async () => (await tenant(body.tenant.id)).status === 'active');
      return { id: body.tenant.id as string, slug: body.tenant.slug as string, customers };
    }

    it.each(modelsWhere(({ installRequired }) => installRequired))(
      'updates the URL, sign-up links and route of a %s tenant, and is audited once',
      async (model) => {
        const { id, slug, customers } = await installed(model);
        for (let turn = 0; turn < 3; turn += 1) await customers.report([], { endpoint_url: NEW });
        expect(await tenant(id)).toMatchObject({ url: NEW, endpoint_url: NEW });
        const link = await plane.post(`/api/tenants/${id}/signup-link`, {}).expect(201);
        expect(link.body.url).toMatch(new RegExp(`^${NEW}/signup#`));
        expect(await resolved(slug)).toMatchObject({ endpoint_url: NEW });
        expect(await changesOf(customers)).toMatchObject([
          {
            actorKind: 'tenant_plane',
            actorId: customers.id,
            before: { endpoint_url: OLD },
            after: { endpoint_url: NEW, link_id: customers.linkId, sequence: 2 },
          },
        ]);
      },
    );

    it('updates every tenant of a cell, but not their planned URLs', async () => {
      const cell = await plane.enrolledCell({ region: 'moving' });
      const bodies = [
        (await plane.provision({ region: 'moving' })).body,
        (await plane.provision({ region: 'moving' })).body,
      ];
      for (const { tenant: one } of bodies) await cell.serve(one.id);
      await cell.report([], { endpoint_url: NEW });
      for (const { tenant: one } of bodies) {
        expect(await tenant(one.id)).toMatchObject({ url: one.url, endpoint_url: NEW });
        expect(await resolved(one.slug)).toMatchObject({ endpoint_url: NEW });
      }
      expect(await changesOf(cell)).toHaveLength(1);
    });

    it('passes the address on to planes with an old copy of the tenant', async () => {
      const { id, customers } = await installed('on_prem');
      const old = await formerHome(plane, id);
      await customers.report([], { endpoint_url: NEW });
      expect(bodyOf<DesiredState>(await old.pull()).tenants).toMatchObject([
        { tenant_id: id, moved_to: NEW },
      ]);
    });

    it('changes no address if the report is outdated, or while two copies of the plane report', async () => {
      const { customers } = await installed('on_prem');
      const copy = customers.copy();
      await customers.report([], { endpoint_url: NEW });
      await customers.report([], { endpoint_url: OLD, sequence: 1 });
      await copy.report([], { endpoint_url: OLD });
      for (let turn = 0; turn < 3; turn += 1) {
        await copy.report([], { endpoint_url: OLD });
        await customers.report([], { endpoint_url: NEW });
      }
      expect(await addressOf(customers)).toBe(NEW);
      expect(await changesOf(customers)).toHaveLength(1);
      plane.clock.advance(601);
      copy.sequence = 100;
      await copy.report([], { endpoint_url: OLD });
      expect(await addressOf(customers)).toBe(OLD);
    });

    // SQLite serialises writers, so this matters only on Postgres.
    (driver === 'postgres' ? it : it.skip).each<
      [string, (one: PlaneSimulator, anew: PlaneSimulator) => Promise<{ status: number }>]
    >([
      ['a report', (one) => one.report([], { endpoint_url: NEW })],
      ['an enrolment', (_, anew) => anew.enrol({ endpoint_url: NEW, deployment_model: 'on_prem' })],
    ])(
      'records the address without locking the plane while waiting for the tenant: %s',
      async (_, change) => {
        const { id, customers } = await installed('on_prem');
        const anew = await plane.reissue(customers);
        const changing = () => change(customers, anew);
        const tenantAndPlane = { tenantId: id, planeId: customers.id };
        expect((await besideHeldTenant(plane, tenantAndPlane, changing)).status).toBe(200);
        expect(await tenant(id)).toMatchObject({ url: NEW });
      },
    );

    it('is refused as a whole if the address is invalid, unlike a report without an address', async () => {
      const { customers } = await installed('on_prem');
      await customers.report();
      expect(await addressOf(customers)).toBe(OLD);
      for (const endpoint_url of [
        'atlas.acme.example',
        'ftp://atlas.acme.example',
        `https://atlas.acme.example/${'a'.repeat(500)}`,
      ])
        expect(refusal(await customers.report([], { endpoint_url }))).toEqual([400, 'validation_failed']);
    });

    // Sends only two reports, because a process that is late twice counts as a fork, and the addresses of
    // forks are ignored.
    it('changes the address only once if two equal reports arrive at the same time', async () => {
      const { id, customers } = await installed('on_prem');
      const reports = [1, 2].map(() => customers.report([], { endpoint_url: NEW }));
      expect((await Promise.all(reports)).map(({ status }) => status)).toEqual([200, 200]);
      expect(await tenant(id)).toMatchObject({ url: NEW });
      expect(await changesOf(customers)).toHaveLength(1);
    });

    it('changes no address after ten changes in an hour, but is counted in a later audit entry', async () => {
      const { id, customers } = await installed('on_prem');
      // No address occurs twice, so each one counts as a change.
      const addresses = Array.from({ length: 30 }, (_, index) => `https://${index}.acme.example`);
      for (const endpoint_url of addresses) await customers.report([], { endpoint_url });
      const last = addresses.at(-1);
      // A heartbeat that repeats a skipped change does not count as another change.
      await customers.report([], { endpoint_url: last });
      expect(await changesOf(customers)).toHaveLength(10);
      expect(await tenant(id)).toMatchObject({ url: addresses[9] });
      plane.clock.advance(3601);
      await customers.report([], { endpoint_url: last });
      expect(await tenant(id)).toMatchObject({ url: last });
      await customers.report([], { endpoint_url: NEW });
      const [counted, next] = (await changesOf(customers)).slice(-2);
      expect([counted?.after, next?.after]).toEqual([
        expect.objectContaining({ endpoint_url: last, changes_left_out: 19 }),
        { endpoint_url: NEW, link_id: customers.linkId, sequence: customers.sequence },
      ]);
    });

    it('does not replace an address that an operator or a driver has recorded', async () => {
      const cell = await plane.enrolledCell();
      await plane.change(TenantPlane, { id: cell.id }, { dbUrlSealed: 'sealed' });
      const before = await addressOf(cell);
      await cell.report([], { endpoint_url: NEW });
      expect([await addressOf(cell), await changesOf(cell)]).toEqual([before, []]);
      expect((await plane.rows(TenantPlane, { id: cell.id }))[0]?.reportedEndpointUrl).toBe(NEW);
    });
  });

  it('does not count as a fork if repeated because the response was lost', async () => {
    const honest = await plane.enrolledCell();
    await honest.report();
    await honest.report([], { sequence: 1 });
    expect((await plane.rows(TenantPlane, { id: honest.id }))[0]?.forkedAt).toBeNull();
  });
});
