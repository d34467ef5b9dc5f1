import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { Chores } from '@atlas/jobs';
import { Database, Signals, updateRows } from '@atlas/persistence';
import { identityOf } from '@atlas/platform';
import { EVERY_DATABASE, asAdmin, eventually, testServerUrl } from '@atlas/testing';
import { infrastructureName } from '../../src/infrastructure/drivers/infrastructure-name';
import { LocalPlane } from '../../src/infrastructure/drivers/local/local-plane.entity';
import { LOCAL_PLANES_TOPIC } from '../../src/infrastructure/drivers/local/local-planes';
import { LocalPostgres, NAME_LOCK } from '../../src/infrastructure/drivers/local/local-postgres';
import { planeProcesses } from '../../src/infrastructure/drivers/local/local-processes';
import { LocalDriver } from '../../src/infrastructure/drivers/local/local.driver';
import { Placement } from '../../src/registry/placement.entity';
import { TenantPlane } from '../../src/registry/tenant-plane.entity';
import { Tenant } from '../../src/registry/tenant.entity';
import { describeDriver } from '../driver-contract.fixture';
import { ReconcileScene, type Settled } from '../reconcile-scene.fixture';

type Dedicated = Settled & { readonly row: LocalPlane };

describe.each(EVERY_DATABASE)('with the Control Plane on %s', (driver) => {
  describeDriver('local', async () => {
    const set = await ReconcileScene.set(driver);
    const { app } = set.plane;
    const server = new LocalPostgres(testServerUrl(), join(set.folder, 'app'));
    return {
      driver: app.get(LocalDriver),
      database: driver,
      write: (work) => app.get(Database).write(work),
      newPlaneId: async () => (await set.plane.registerCell()).id,
      existing: async (subject) => {
        const name = infrastructureName(subject);
        const { databases, roles } = await server.present([name]);
        return [
          ...(await set.plane.rows(LocalPlane, { name })).map(() => 'record'),
          ...(existsSync(join(set.planesFolder, name)) ? ['folder'] : []),
          ...(await planeProcesses(set.planesFolder, name)).map(() => 'process'),
          ...[...databases].map(() => 'database'),
          ...[...roles].map(() => 'role'),
        ];
      },
      later: driver === 'sqlite' ? ['process', 'database'] : ['process'],
      isWaiting: async (subject) =>
        driver === 'postgres' && (await waitsForName(infrastructureName(subject))),
      close: () => set.close(),
    };
  });
});

/** SQL: the advisory lock on the name `$1`. Other suites take locks on the same server. */
const LOCK_ON_NAME = `locktype = 'advisory' and classid = ${NAME_LOCK}
  and objid::bigint = (hashtext($1)::bigint & 4294967295)`;

/** Returns whether a session is waiting for the lock on the name. */
function waitsForName(name: string): Promise<boolean> {
  const waiting = `select 1 from pg_locks where ${LOCK_ON_NAME} and not granted`;
  return asAdmin(testServerUrl(), async (admin) => (await admin.query(waiting, [name])).rowCount !== 0);
}

describe.each(EVERY_DATABASE)('the process of a local tenant plane on %s', (driver) => {
  let set: ReconcileScene;
  const spawned: ChildProcess[] = [];
  beforeAll(async () => (set = await ReconcileScene.set(driver)));
  afterAll(async () => {
    for (const child of spawned) child.kill('SIGKILL');
    await set.close();
  });

  const rowOf = async ({ planeId }: Settled): Promise<LocalPlane> =>
    (await set.plane.rows(LocalPlane, { tenantPlaneId: planeId }))[0] as LocalPlane;
  const change = ({ planeId: tenantPlaneId }: Settled, changes: Partial<LocalPlane>) =>
    set.plane.app
      .get(Database)
      .write((manager) => updateRows(manager, LocalPlane, { tenantPlaneId }, changes));
  const running = ({ row }: Dedicated) => planeProcesses(set.planesFolder, row.name);
  const startsOf = ({ row }: Dedicated): string[] => {
    const file = join(set.planesFolder, row.name, 'starts');
    return existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n') : [];
  };
  /** Creates a plane and waits until its process has begun to run the program. */
  const dedicated = async (): Promise<Dedicated> => {
    const plane = await set.dedicated();
    await eventually(() => startsOf(plane).includes(`${plane.row.pid}`));
    return plane;
  };
  const end = async (pid: number): Promise<void> => {
    process.kill(pid, 'SIGKILL');
    await eventually(() => identityOf(pid) === undefined);
  };
  const program = async (args: string[], cwd: string): Promise<number> => {
    const child = spawn(process.execPath, args, { cwd, detached: true, stdio: 'ignore' });
    spawned.push(child);
    await once(child, 'spawn');
    return child.pid as number;
  };
  /** Advances the clock, and makes the supervisor check at once rather than within a second. */
  const pass = (seconds: number): void => {
    set.plane.clock.advance(seconds);
    set.plane.app.get(Signals).deliver(LOCAL_PLANES_TOPIC);
  };
  const restarted = (plane: Dedicated, before: number | null) =>
    eventually(async () => {
      pass(1);
      const { pid } = await rowOf(plane);
      return pid !== null && pid !== before && identityOf(pid) && startsOf(plane).includes(`${pid}`) && pid;
    });

  const isHeld = async (name: string): Promise<boolean> => {
    const held = `select 1 from pg_locks where ${LOCK_ON_NAME} and granted`;
    const { rowCount } = await asAdmin(testServerUrl(), (admin) => admin.query(held, [name]));
    return rowCount !== 0;
  };

  it('writes to a log that is rotated when it grows too large', async () => {
    const { row } = await dedicated();
    const log = join(set.planesFolder, row.name, 'tenant-plane.log');
    appendFileSync(log, Buffer.alloc(11 * 1024 * 1024, 'x'));
    await eventually(() => {
      pass(1);
      return statSync(log).size < 1024 * 1024;
    });
    const previous = statSync(log.replace('.log', '.previous.log'));
    expect(previous.size).toBeGreaterThan(10 * 1024 * 1024);
    expect(previous.mode & 0o777).toBe(0o600);
  });

  (driver === 'postgres' ? it : it.skip)(
    'is not started if Postgres closes the connection, and the Control Plane keeps running',
    async () => {
      const name = `atlas_cut_${process.pid}`;
      const server = new LocalPostgres(testServerUrl(), join(set.folder, 'app'));
      const cut = `select pg_terminate_backend(pid) from pg_locks where ${LOCK_ON_NAME} and granted`;
      const ensuring = server.ensure(name, 'secret', async () => {
        await asAdmin(testServerUrl(), (admin) => admin.query(cut, [name]));
        await eventually(async () => !(await isHeld(name)), { everyMs: 5 });
      });
      await expect(ensuring).rejects.toThrow();
      await server.drop(name, () => Promise.resolve());
    },
  );

  (driver === 'postgres' ? it : it.skip)(
    'leaves no role behind when its plane is removed while the role is being restored',
    async () => {
      const name = `atlas_mended_${process.pid}`;
      const server = new LocalPostgres(testServerUrl(), join(set.folder, 'app'));
      const stillOurs = () => Promise.resolve();
      await server.ensure(name, 'secret', stillOurs);
      let restoring = Promise.resolve(true);
      await server.drop(name, async () => {
        restoring = server.restoreRole(name, 'secret');
        await eventually(() => waitsForName(name), { everyMs: 5 });
      });
      expect(await restoring).toBe(false);
      expect((await server.present([name])).roles.size).toBe(0);
    },
  );

  it('runs no code until it has been recorded, and exits if recording fails', async () => {
    const plane = await dedicated();
    await refuseRecords();
    const starts = startsOf(plane);
    await end(plane.row.pid as number);
    // The process is held until the transaction has failed. Then it exits.
    const isHeld = async () => {
      set.plane.clock.advance(1);
      return (await running(plane)).length > 0;
    };
    await eventually(isHeld, { everyMs: 2, what: 'a process is held' });
    await eventually(async () => (await running(plane)).length === 0, {
      everyMs: 2,
      what: 'the process has exited',
    });
    expect(startsOf(plane)).toEqual(starts);
    await allowRecords();
    const pid = await restarted(plane, plane.row.pid);
    expect(await running(plane)).toEqual([pid]);
    expect(startsOf(plane)).toEqual([...starts, `${pid}`]);
  });

  it('exits before it runs any code if the plane is no longer wanted', async () => {
    const plane = await dedicated();
    const starts = startsOf(plane);
    await end(plane.row.pid as number);
    // The next start is due in a second, but the clock stands still.
    await eventually(async () => (await rowOf(plane)).pid === null);
    await set.plane.app.get(Database).write(async () => {
      await change(plane, { isWanted: false });
      set.plane.clock.advance(60);
      await eventually(async () => (await running(plane)).length > 0, { what: 'a process is held' });
    });
    await eventually(async () => (await running(plane)).length === 0, { what: 'the process has exited' });
    expect(startsOf(plane)).toEqual(starts);
    expect(await rowOf(plane)).toMatchObject({ isWanted: false, pid: null });
  });

  it('restarts after increasing delays, which reset once it has run for a minute', async () => {
    const plane = await dedicated();
    const distances: number[] = [];
    for (const ranSeconds of [0, 1, 1, 90, 1]) {
      const { pid } = await eventually(async () => {
        const row = await rowOf(plane);
        return row.pid !== null && identityOf(row.pid) && row;
      });
      set.plane.clock.advance(ranSeconds);
      const endedAt = set.plane.clock.now().getTime();
      await end(pid as number);
      const { startAt } = await eventually(async () => {
        const row = await rowOf(plane);
        return row.pid === null && row;
      });
      distances.push((startAt?.getTime() ?? 0) - endedAt);
      pass(30);
    }
    expect(distances).toEqual([1000, 2000, 4000, 1000, 2000]);
  });

  it('replaces an unrecorded process that is still running for the same plane', async () => {
    const plane = await dedicated();
    const { pid: stray } = plane.row;
    await change(plane, { pid: null, pidStartedAt: null });
    const pid = await restarted(plane, stray);
    expect(identityOf(stray as number)).toBeUndefined();
    expect(await running(plane)).toEqual([pid]);
  });

  it('is killed when its plane is destroyed, even if unrecorded; other processes keep running', async () => {
    const plane = await dedicated();
    const folder = join(set.planesFolder, plane.row.name);
    const sleep = ['-e', 'setInterval(() => undefined, 1000)'];
    const foreign = await program(sleep, set.folder);
    const shell = await program(sleep, folder);
    // After a reboot, the pid and even the start time can belong to another program.
    await change(plane, { pid: foreign, pidStartedAt: identityOf(foreign)?.startedAt ?? null });
    const ids = { tenantId: plane.id, tenantPlaneId: plane.planeId };
    const asked = { deploymentModel: 'dedicated', database: driver, version: null } as const;
    const subject = { ...ids, ...asked, slug: plane.slug, region: null };
    const database = set.plane.app.get(Database);
    // Without a job, there is no lease to check, so a plain transaction is enough.
    await set.plane.app.get(LocalDriver).destroy(subject, (work) => database.write(work));
    expect(await running(plane)).toEqual([]);
    expect([plane.row.pid as number, foreign, shell].map((pid) => identityOf(pid) !== undefined)).toEqual([
      false,
      true,
      true,
    ]);
    expect(existsSync(folder)).toBe(false);
    expect(await rowOf(plane)).toBeUndefined();
  });

  it('is killed when its tenant is purged after a restore that failed half-way', async () => {
    const plane = await dedicated();
    const now = set.plane.clock.now();
    await set.plane.change(Placement, { tenantId: plane.id }, { phase: 'importing' });
    await set.plane.change(Tenant, { id: plane.id }, { status: 'deprovisioning', restorableUntil: now });
    await set.plane.app.get(Chores).run(now);
    await eventually(async () => (await set.scene.tenant(plane.id))['status'] === 'deleted');
    expect(await running(plane)).toEqual([]);
    expect(await rowOf(plane)).toBeUndefined();
    expect(existsSync(join(set.planesFolder, plane.row.name))).toBe(false);
    expect(await set.plane.rows(TenantPlane, { id: plane.planeId })).toMatchObject([{ status: 'retired' }]);
  });

  /** Makes it impossible to record a start. On Postgres, only COMMIT fails. */
  async function refuseRecords(): Promise<void> {
    const isStart = 'old.pid is null and new.pid is not null';
    if (driver === 'sqlite') {
      await set.sql(`create trigger refuse_records before update on local_planes
        when ${isStart} begin select raise(abort, 'no records today'); end`);
      return;
    }
    await asOwner(`create function refuse_records() returns trigger language plpgsql as
      $$ begin raise exception 'no records today'; end $$`);
    await asOwner(`create constraint trigger refuse_records after update on local_planes
      deferrable initially deferred for each row when (${isStart}) execute function refuse_records()`);
  }

  async function allowRecords(): Promise<void> {
    if (driver === 'sqlite') await set.sql('drop trigger refuse_records');
    else await asOwner('drop trigger refuse_records on local_planes');
  }

  async function asOwner(statement: string): Promise<void> {
    await asAdmin(set.plane.database.ownerUrl ?? '', (client) => client.query(statement));
  }
});
