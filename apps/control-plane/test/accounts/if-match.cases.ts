import { CommitFaults, EVERY_DATABASE, FullDisk, eventually, hangUp, untilAnswered } from '@atlas/testing';
import { AuditEvent } from '../../src/audit/audit-event.entity';
import { lockOperator } from '../../src/accounts/operator-lock';
import { Operator } from '../../src/accounts/operator.entity';
import { Tenant } from '../../src/registry/tenant.entity';
import { TestControlPlane } from '../control-plane.fixture';
import { HeldRow } from '../held-operator.fixture';
import { type PlaneSimulator } from '../plane-simulator.fixture';

interface Thing {
  /** Creates it, and returns its path. */
  readonly path: (plane: TestControlPlane, cell: PlaneSimulator) => Promise<string>;
  readonly entity: typeof Tenant | typeof Operator;
  /** What the audit trail calls a change. */
  readonly action: string;
}

let made = 0;
const THINGS: Readonly<Record<string, Thing>> = {
  'a tenant': {
    path: async (plane, cell) => {
      const { id } = (await plane.provision().expect(202)).body.tenant;
      await cell.serve(id);
      await eventually(async () => (await plane.count(Tenant, { id, status: 'active' })) === 1);
      return `/api/tenants/${id}`;
    },
    entity: Tenant,
    action: 'tenant.updated',
  },
  'an operator': {
    path: async (plane) => {
      const email = `support-${(made += 1)}@example.com`;
      await plane.createOperator(email, 'support');
      const [{ id = '' } = {}] = await plane.rows(Operator, { email });
      return `/api/operators/${id}`;
    },
    entity: Operator,
    action: 'operator.changed',
  },
};

describe.each(EVERY_DATABASE)('If-Match at the Control Plane on %s', (driver) => {
  // Its clock stands still, so all changes happen in the same millisecond.
  let plane: TestControlPlane;
  let cell: PlaneSimulator;
  let faults: CommitFaults;
  beforeAll(async () => {
    faults = await CommitFaults.start();
    plane = await TestControlPlane.boot(driver, {}, {}, (url) => faults.through(url));
    cell = await plane.enrolledCell();
  });
  afterAll(async () => {
    await plane.close();
    await faults.stop();
  });

  describe.each(Object.entries(THINGS))('on %s', (_, { path: pathIn, entity, action }) => {
    let path: string;
    beforeEach(async () => (path = await pathIn(plane, cell)));

    const read = async (): Promise<{ body: unknown; etag: string }> => {
      const { body, headers } = await plane.get(path, { token: plane.session }).expect(200);
      return { body, etag: headers['etag'] ?? '' };
    };
    const write = (n: number, header?: string, token = plane.session) => {
      const request = plane.patch(path, { name: `Name ${n}` }, { token });
      return header === undefined ? request : request.set('if-match', header);
    };
    const idIn = (of: string): string => of.split('/').at(-1) ?? '';
    const changes = () => plane.count(AuditEvent, { action, targetId: idIn(path) });

    it('refuses a version that was changed meanwhile, and writes nothing', async () => {
      const { etag: first } = await read();
      await write(1, first).expect(200);
      const { body, etag: second } = await read();
      expect(second).not.toBe(first);
      const refused = await write(2, first)
        .expect(412)
        .expect('content-type', /^application\/problem\+json/);
      expect(refused.body).toMatchObject({ code: 'changed_meanwhile', current: body });
      expect((await read()).body).toEqual(body);
      expect(await changes()).toBe(1);
      await write(2, second).expect(200);
    });

    it('lets exactly one of several requests with the same version change it', async () => {
      const { etag } = await read();
      await using held = await HeldRow.hold(plane, entity, idIn(path));
      const answers = Promise.all([1, 2, 3].map((n) => write(n, etag)));
      await held.untilWaiting(3);
      await held.release();
      expect((await answers).map(({ status }) => status).sort()).toEqual([200, 412, 412]);
      expect(await changes()).toBe(1);
    });

    it('changes it once if COMMITs fail and the request is repeated until it is answered', async () => {
      const { etag } = await read();
      faults.begin();
      const { status, body } = await untilAnswered(() => write(1, etag));
      faults.end();
      expect(faults.count).toBeGreaterThan(0);
      // If an earlier request was stored, its version is the one that is refused.
      expect([200, 412]).toContain(status);
      const stored = await read();
      expect(stored.etag).not.toBe(etag);
      expect(status === 200 ? body : body.current).toEqual(stored.body);
      await write(2, etag).expect(412);
      expect(await changes()).toBe(1);
    });

    it('writes nothing while the disk is full, and changes it once there is space', async () => {
      const { etag } = await read();
      await using disk = await FullDisk.fill(plane.database);
      for (let turn = 0; turn < 2; turn += 1)
        expect((await write(1, etag).expect(507)).body.code).toBe('storage_full');
      expect((await read()).etag).toBe(etag);
      await disk.free();
      expect(await changes()).toBe(0);
      await write(1, etag).expect(200);
      await write(1, etag).expect(412);
      expect(await changes()).toBe(1);
    });

    it('changes it, or says that it is changed, for an operator who has hung up', async () => {
      const { etag } = await read();
      await using held = await HeldRow.hold(plane, entity, idIn(path));
      await hangUp(plane.app.getHttpServer(), write(1, etag), held.untilWaiting(1));
      await held.release();
      await eventually(async () => (await changes()) === 1, { everyMs: 5 });
      const { body } = await write(1, etag).expect(412);
      expect(body.current).toEqual((await read()).body);
      expect(await changes()).toBe(1);
    });

    it('neither changes nor shows it for an operator who is revoked while the requests wait', async () => {
      const { etag: old } = await read();
      await write(1, old).expect(200);
      const { etag } = await read();
      const email = `owner-${(made += 1)}@example.com`;
      await plane.createOperator(email, 'owner');
      const session = await plane.login(email);
      const [{ id = '' } = {}] = await plane.rows(Operator, { email });
      await using held = await HeldRow.by(plane, async (manager) => {
        await lockOperator(manager, id);
        await manager.update(Operator, { id }, { disabledAt: plane.clock.now() });
      });
      const answers = Promise.all([old, etag].map((header) => write(2, header, session)));
      await held.untilWaiting(2);
      await held.release();
      for (const { status, body } of await answers) {
        expect([status, body.code]).toEqual([401, 'unauthenticated']);
        expect(body).not.toHaveProperty('current');
      }
      expect((await read()).etag).toBe(etag);
    });

    it('is optional, and refused if it is malformed', async () => {
      await write(1).expect(200);
      await write(2).expect(200);
      await write(3, '*').expect(200);
      const { body } = await write(4, 'unquoted').expect(400);
      expect(body).toMatchObject({ code: 'validation_failed', errors: [{ field: 'if-match' }] });
      expect(await changes()).toBe(3);
    });
  });
});
