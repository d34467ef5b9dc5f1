import { type DesiredTenant } from '@atlas/plane-contract';
import {
  CommitFaults,
  EVERY_DATABASE,
  FixedClock,
  FullDisk,
  eventually,
  hangUp,
  untilAnswered,
} from '@atlas/testing';
import type supertest from 'supertest';
import { Audit } from '../../src/audit/audit';
import { Pause, endedOrWaiting } from '../pause.fixture';
import { type CallOptions, type SignedInUser, TestTenantPlane } from '../tenant-plane.fixture';

type Admin = SignedInUser & CallOptions;

/** A thing that one request can change. */
interface Thing {
  /** Creates it if need be, and returns its path. */
  readonly path: (plane: TestTenantPlane, tenant: DesiredTenant, admin: Admin) => Promise<string>;
  readonly method: 'patch' | 'put';
  /** A change of the tenant's first version. Numbers that follow each other give different contents. */
  readonly change: (n: number) => object;
  /** What the audit trail calls a change. */
  readonly action: string;
}

const created =
  (path: string, body: object): Thing['path'] =>
  async (plane, _, admin) =>
    `${path}/${(await plane.post(path, body, admin).expect(201)).body.id}`;
const always =
  (path: string): Thing['path'] =>
  () =>
    Promise.resolve(path);

const STEPS = [{ name: 'look', kind: 'manual', risk: 'low', config: {} }];
const TARGETS = { response_minutes: 10, resolution_minutes: 100 };
const named = (n: number): object => ({ name: `Name ${n}` });

const THINGS: Readonly<Record<string, Thing>> = {
  'an incident': {
    path: created('/api/incidents', { title: 'Disk full', severity: 'P2' }),
    method: 'patch',
    change: (n) => ({ title: `Title ${n}` }),
    action: 'incident.updated',
  },
  'a configuration item': {
    path: created('/api/cmdb/items', { name: 'web-1', type: 'server' }),
    method: 'patch',
    change: named,
    action: 'configuration_item.updated',
  },
  'an SLO': {
    path: created('/api/slos', {
      name: 'Up',
      objective: 0.99,
      window_days: 30,
      indicator: { kind: 'events' },
    }),
    method: 'patch',
    change: named,
    action: 'slo.updated',
  },
  'a runbook': {
    path: created('/api/runbooks', { name: 'Restart', steps: STEPS }),
    method: 'put',
    change: (n) => ({ ...named(n), steps: STEPS }),
    action: 'runbook.changed',
  },
  'a data source': {
    path: created('/api/data-sources', { name: 'Scripts', kind: 'generic' }),
    method: 'patch',
    change: named,
    action: 'data_source.updated',
  },
  'a user': {
    path: async (plane, tenant) => `/api/users/${(await plane.user(tenant, 'operator')).id}`,
    method: 'patch',
    change: named,
    action: 'user.changed',
  },
  'the service levels, which were never set': {
    path: always('/api/sla-policy'),
    method: 'put',
    change: (n) => ({
      P1: { ...TARGETS, response_minutes: n },
      P2: TARGETS,
      P3: TARGETS,
      P4: TARGETS,
      P5: TARGETS,
    }),
    action: 'sla_policy.changed',
  },
  'the automation policy, which was never set': {
    path: always('/api/automation/policy'),
    method: 'put',
    change: (n) => ({ level: 1, overrides: [{ ci_type: `type-${n}`, risk: 'low', level: 0 }] }),
    action: 'automation_policy.changed',
  },
  'the identity provider, which was never set': {
    path: always('/api/identity-provider'),
    method: 'put',
    change: (n) => ({ issuer: 'https://id.example.com', client_id: `client-${n}` }),
    action: 'identity_provider.configured',
  },
  'the AI settings, which were never set': {
    path: always('/api/ai/settings'),
    method: 'put',
    change: (n) => ({ allow_control_plane: n % 2 === 0 }),
    action: 'ai.settings_changed',
  },
};

/** Sends the request immediately instead of when it is first awaited. */
const sent = (test: supertest.Test): Promise<supertest.Response> => test.then((answer) => answer);

const MALFORMED = ['', 'unquoted', '"one", "two"', '"a"b"', "'single'", '"', '""'];

describe.each(EVERY_DATABASE)('If-Match on %s', (driver) => {
  // Stands still, so all changes happen in the same millisecond.
  const clock = new FixedClock();
  let plane: TestTenantPlane;
  let tenant: DesiredTenant;
  let admin: Admin;
  let count = 0;

  let faults: CommitFaults;

  beforeAll(async () => {
    faults = await CommitFaults.start();
    plane = await TestTenantPlane.boot(driver, { clock, through: (url) => faults.through(url) });
  });
  afterAll(async () => {
    await plane.close();
    await faults.stop();
  });
  beforeEach(async () => ({ tenant, admin } = await plane.tenantWithAdmin(`match-${(count += 1)}`)));

  const read = async (path: string, as = admin): Promise<{ body: unknown; etag: string }> => {
    const { body, headers } = await plane.get(path, as).expect(200);
    return { body, etag: headers['etag'] ?? '' };
  };
  const ifMatch = (header: string | undefined, as = admin): CallOptions =>
    header === undefined ? as : { ...as, headers: { 'if-match': header } };

  describe.each(Object.entries(THINGS))('on %s', (_, { path: pathIn, method, change, action }) => {
    let path: string;
    beforeEach(async () => (path = await pathIn(plane, tenant, admin)));

    const write = (n: number, header?: string, as = admin) =>
      plane[method](path, change(n), ifMatch(header, as));
    const changes = async (): Promise<number> => (await plane.audit(tenant, action)).length;

    it('refuses a version that was changed meanwhile, and writes nothing', async () => {
      const { etag: first } = await read(path);
      const changed = await write(1, first).expect(200);
      const { body, etag: second } = await read(path);
      expect(changed.headers['etag']).toBe(second);
      expect(second).not.toBe(first);
      const refused = await write(2, first)
        .expect(412)
        .expect('content-type', /^application\/problem\+json/);
      expect(refused.body).toMatchObject({ code: 'changed_meanwhile', current: body });
      expect(refused.body.detail).toContain(`send it again with If-Match: ${second}.`);
      expect((await read(path)).body).toEqual(body);
      expect(await changes()).toBe(1);
      await write(2, second).expect(200);
      expect(await changes()).toBe(2);
    });

    it('lets exactly one of several requests with the same version change it', async () => {
      const { etag } = await read(path);
      const answers = await Promise.all(Array.from({ length: 6 }, (_, n) => write(2 * n + 1, etag)));
      const statuses = answers.map(({ status }) => status);
      expect(statuses.sort()).toEqual([200, 412, 412, 412, 412, 412]);
      expect(await changes()).toBe(1);
    });

    it('refuses a request that begins before another with the same version has ended', async () => {
      const { etag } = await read(path);
      const pause = Pause.before(plane.app.get(Audit), 'record');
      const first = write(1, etag).then(({ status }) => status);
      await pause.reached;
      const second = write(2, etag).then(({ status }) => status);
      await endedOrWaiting(plane, second);
      pause.release();
      expect([await first, await second]).toEqual([200, 412]);
      expect(await changes()).toBe(1);
    });

    it('changes it once if COMMITs fail and the request is repeated until it is answered', async () => {
      const { etag } = await read(path);
      faults.begin();
      const { status, body } = await untilAnswered(() => write(1, etag));
      faults.end();
      expect(faults.count).toBeGreaterThan(0);
      // If an earlier request was stored, its version is the one that is refused.
      expect([200, 412]).toContain(status);
      const stored = await read(path);
      expect(stored.etag).not.toBe(etag);
      expect(status === 200 ? body : body.current).toEqual(stored.body);
      await write(2, etag).expect(412);
      expect(await changes()).toBe(1);
    });

    it('writes nothing while the disk is full, and changes it once there is space', async () => {
      const { etag } = await read(path);
      await using disk = await FullDisk.fill(plane.database);
      for (let turn = 0; turn < 2; turn += 1)
        expect((await write(1, etag).expect(507)).body.code).toBe('storage_full');
      expect((await read(path)).etag).toBe(etag);
      await disk.free();
      expect(await changes()).toBe(0);
      const { headers } = await write(1, etag).expect(200);
      expect(headers['etag']).toBe((await read(path)).etag);
      await write(1, etag).expect(412);
      expect(await changes()).toBe(1);
    });

    it('changes it, or says that it is changed, for a user who has hung up and sends it again', async () => {
      const { etag } = await read(path);
      const pause = Pause.before(plane.app.get(Audit), 'record');
      await hangUp(plane.app.getHttpServer(), write(1, etag), pause.reached);
      pause.release();
      await eventually(async () => (await changes()) === 1, { everyMs: 5 });
      const { body } = await write(1, etag).expect(412);
      expect(body.current).toEqual((await read(path)).body);
      expect(await changes()).toBe(1);
    });

    it('neither changes nor shows it for a user who is revoked while the requests wait', async () => {
      const { etag: old } = await read(path);
      await write(1, old).expect(200);
      const { etag } = await read(path);
      const other = { ...(await plane.user(tenant, 'admin')), host: admin.host } as Admin;
      const pause = Pause.before(plane.app.get(Audit), 'record');
      const revoking = sent(plane.patch(`/api/users/${other.id}`, { deactivated: true }, admin));
      await pause.reached;
      const waiting = [sent(write(2, old, other)), sent(write(2, etag, other))];
      await endedOrWaiting(plane, Promise.all(waiting), waiting.length, waiting.length);
      pause.release();
      expect((await revoking).status).toBe(200);
      for (const { status, body } of await Promise.all(waiting)) {
        expect([status, body.code]).toEqual([401, 'unauthenticated']);
        expect(body).not.toHaveProperty('current');
      }
      expect((await read(path)).etag).toBe(etag);
    });

    it('is optional: without it, or with *, any version is changed', async () => {
      const { etag } = await read(path);
      await write(1).expect(200);
      await write(2).expect(200);
      await write(3, '*').expect(200);
      await write(4, etag).expect(412);
      await write(4, `W/${(await read(path)).etag}`).expect(200);
      expect(await changes()).toBe(4);
    });

    it('is refused if it is malformed', async () => {
      for (const header of MALFORMED) {
        const { body } = await write(1, header).expect(400);
        expect(body).toMatchObject({ code: 'validation_failed', errors: [{ field: 'if-match' }] });
        expect(body.detail).toContain('must be * or one version in double quotes');
      }
      expect(await changes()).toBe(0);
    });

    it('is not affected by what another tenant changes', async () => {
      const { etag } = await read(path);
      const other = await plane.tenantWithAdmin(`other-${count}`);
      const theirs = await pathIn(plane, other.tenant, other.admin);
      await plane[method](theirs, change(1), other.admin).expect(200);
      const { etag: foreign } = await read(theirs, other.admin);
      await write(2, etag).expect(200);
      await write(3, `"${foreign.slice(1, -1)}x"`).expect(412);
      if (theirs !== path) await write(3, (await read(path)).etag, other.admin).expect(404);
    });
  });

  it('takes the time or the number of the version that the view shows', async () => {
    const shown = async (thing: string): Promise<[string, { updated_at: string; version: number }]> => {
      const path = await THINGS[thing]?.path(plane, tenant, admin);
      const { etag, body } = await read(path ?? '');
      return [etag, body as { updated_at: string; version: number }];
    };
    for (const thing of ['an incident', 'a configuration item', 'an SLO']) {
      const [etag, { updated_at }] = await shown(thing);
      expect(etag).toBe(`"${updated_at}"`);
    }
    const [etag, { version }] = await shown('a runbook');
    expect(etag).toBe(`"${version}"`);
  });

  it('says again what is set by default once an identity provider is removed', async () => {
    const { etag } = await read('/api/identity-provider');
    const body = { issuer: 'https://id.example.com', client_id: 'acme' };
    await plane.put('/api/identity-provider', body, ifMatch(etag)).expect(200);
    await plane.delete('/api/identity-provider', admin).expect(204);
    expect((await read('/api/identity-provider')).etag).toBe(etag);
  });

  describe('on the removal of the identity provider', () => {
    const path = '/api/identity-provider';
    const named = (client_id: string): object => ({ issuer: 'https://id.example.com', client_id });
    const removals = async (): Promise<number> =>
      (await plane.audit(tenant, 'identity_provider.removed')).length;
    const remove = (etag: string) => plane.delete(path, ifMatch(etag));
    let etag: string;
    beforeEach(async () => {
      await plane.put(path, named('first'), admin).expect(200);
      ({ etag } = await read(path));
    });

    it('refuses a version that was changed meanwhile, and removes nothing', async () => {
      await plane.put(path, named('second'), admin).expect(200);
      const now = await read(path);
      const { body, headers } = await remove(etag).expect(412);
      expect(body).toMatchObject({ code: 'changed_meanwhile', current: now.body });
      expect(headers['etag']).toBe(now.etag);
      expect(await read(path)).toEqual(now);
      expect((await remove(now.etag).expect(204)).headers).not.toHaveProperty('etag');
      expect(await removals()).toBe(1);
    });

    it('is refused if it begins before a change of the same version has ended', async () => {
      const pause = Pause.before(plane.app.get(Audit), 'record');
      const changing = sent(plane.put(path, named('second'), ifMatch(etag)));
      await pause.reached;
      const removing = sent(remove(etag));
      await endedOrWaiting(plane, removing);
      pause.release();
      expect([(await changing).status, (await removing).status]).toEqual([200, 412]);
      expect(await removals()).toBe(0);
    });

    it('happens once if several requests with the same version ask for it', async () => {
      const answers = await Promise.all([1, 2, 3].map(() => remove(etag)));
      expect(answers.map(({ status }) => status).sort()).toEqual([204, 404, 404]);
      expect(await removals()).toBe(1);
    });

    it('happens once if COMMITs fail and the request is repeated until it is answered', async () => {
      faults.begin();
      const { status } = await untilAnswered(() => remove(etag));
      faults.end();
      expect(faults.count).toBeGreaterThan(0);
      expect([204, 404]).toContain(status);
      expect((await read(path)).body).toMatchObject({ provider: null });
      expect(await removals()).toBe(1);
    });
  });

  it('is still the next version if the clock was set back', async () => {
    const path = await THINGS['a configuration item']?.path(plane, tenant, admin);
    const versions = [(await read(path ?? '')).etag];
    for (const n of [1, 2, 3]) {
      clock.jump(-60);
      versions.push((await plane.patch(path ?? '', named(n), admin).expect(200)).headers['etag'] ?? '');
    }
    expect(versions).toEqual([...new Set(versions)].sort());
  });
});
