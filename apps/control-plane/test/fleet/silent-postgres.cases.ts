import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LeaseLost } from '@atlas/jobs';
import { type CommitCutter, asAdmin, eventually, startCommitCutter, testServerUrl } from '@atlas/testing';
import {
  AdminConnection,
  PATIENCE,
  type Patience,
} from '../../src/infrastructure/drivers/local/admin-connection';
import {
  LocalPostgres,
  NAME_LOCK,
  TEMPLATE_LOCK,
} from '../../src/infrastructure/drivers/local/local-postgres';

const BRIEF = { ...PATIENCE, connectMs: 900, quickMs: 600, graceMs: 100 };
const stillOurs = (): Promise<void> => Promise.resolve();
const retried = (code: string, detail: RegExp) =>
  expect.objectContaining({ failureClass: 'retry', code, message: expect.stringMatching(detail) });

/** Runs on Postgres only, because SQLite has no server to wait for. */
describe("the local driver's Postgres client", () => {
  const name = `atlas_silent_${process.pid}`;
  let folder: string;
  let relay: CommitCutter;
  /** Brief once the relay is frozen. Until then, a busy machine has time to connect. */
  let patience: Patience;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'atlas-silent-'));
    writeFileSync(join(folder, 'migrate.js'), '// The silent one');
  });
  beforeEach(async () => {
    relay = await startCommitCutter(testServerUrl());
    patience = { ...PATIENCE };
  });
  afterEach(() => relay.close());
  afterAll(async () => {
    await at(testServerUrl()).drop(name, stillOurs);
    const template = await at(testServerUrl()).ensureTemplate();
    await asAdmin(testServerUrl(), (admin) => admin.query(`drop database ${template}`));
    rmSync(folder, { recursive: true });
  });

  const at = (url: string, given = PATIENCE) => new LocalPostgres(url, folder, given);
  const throughRelay = () => at(relay.through(testServerUrl()), patience);
  const freeze = (): void => {
    relay.freeze();
    Object.assign(patience, BRIEF);
  };
  /** Runs `work` while another session holds the lock. */
  const whileLocked = (lock: string, work: () => Promise<void>) =>
    asAdmin(testServerUrl(), async (other) => {
      await other.query(`select ${lock}`);
      await work();
    });

  /** Leaves the database as `drop database` does when `statement_timeout` interrupts it. */
  const invalidate = (database: string) =>
    asAdmin(testServerUrl(), (admin) =>
      admin.query('update pg_database set datconnlimit = -2 where datname = $1', [database]),
    );

  it('fails the step if the server accepts a connection but never responds', async () => {
    freeze();
    await expect(throughRelay().ensure(name, 'secret', stillOurs)).rejects.toEqual(
      retried('postgres_silent', /did not respond within 0\.9 s/),
    );
  });

  it('fails the step if the server stops responding half-way, and the next attempt succeeds', async () => {
    await expect(throughRelay().ensure(name, 'secret', async () => freeze())).rejects.toEqual(
      retried('postgres_silent', /did not respond within 0\.7 s/),
    );
    // The server notices that the connection is lost, and releases the lock on the name.
    await relay.close();
    relay = await startCommitCutter(testServerUrl());
    await at(testServerUrl()).ensure(name, 'secret', stillOurs);
    expect((await at(testServerUrl()).present([name])).databases).toEqual(new Set([name]));
  });

  it('detects a lost idle connection within 20 s', async () => {
    const connection = await AdminConnection.open(testServerUrl(), PATIENCE);
    const { rows } = await connection.query(
      `select name, current_setting(name) as value from pg_settings where name like 'tcp\\_%' order by name`,
    );
    await connection.close();
    expect(rows).toEqual([
      { name: 'tcp_keepalives_count', value: '5' },
      { name: 'tcp_keepalives_idle', value: '10' },
      { name: 'tcp_keepalives_interval', value: '2' },
      { name: 'tcp_user_timeout', value: '20000' },
    ]);
  });

  it('does not delay a failed step if the server stops responding', async () => {
    const lost = async () => {
      freeze();
      throw new LeaseLost();
    };
    await expect(throughRelay().drop(name, lost)).rejects.toThrow(LeaseLost);
  });

  it('fails the step while another session holds the lock on the name', async () => {
    const hasty = { ...PATIENCE, nameLockMs: 200 };
    await whileLocked(`pg_advisory_lock(${NAME_LOCK}, hashtext('${name}'))`, () =>
      expect(at(testServerUrl(), hasty).ensure(name, 'secret', stillOurs)).rejects.toEqual(
        retried('postgres_too_slow', new RegExp(`could not get the lock on ${name} within 0\\.2 s`)),
      ),
    );
  });

  it('fails the step while another session holds the lock on the template', async () => {
    writeFileSync(join(folder, 'migrate.js'), '// Of another schema');
    const hasty = { ...PATIENCE, templateLockMs: 200 };
    await whileLocked(`pg_advisory_lock(${TEMPLATE_LOCK})`, () =>
      expect(at(testServerUrl(), hasty).ensureTemplate()).rejects.toEqual(
        retried('postgres_too_slow', /could not get the lock on the template within 0\.2 s/),
      ),
    );
  });

  it('cancels a statement that waits too long', async () => {
    await at(testServerUrl()).ensure(name, 'secret', stillOurs);
    await asAdmin(testServerUrl(), async (other) => {
      await other.query(`begin; alter role ${name} connection limit 5`);
      const hasty = { ...PATIENCE, quickMs: 600 };
      await expect(at(testServerUrl(), hasty).ensure(name, 'another', stillOurs)).rejects.toEqual(
        retried('postgres_too_slow', /could not finish a statement within 0\.6 s/),
      );
      await other.query('rollback');
    });
    const waiting = `select 1 from pg_stat_activity
      where wait_event_type = 'Lock' and query like '%${name}%'`;
    await asAdmin(testServerUrl(), (admin) =>
      eventually(async () => (await admin.query(waiting)).rowCount === 0),
    );
  });

  it('fails the step if the template is not migrated in time', async () => {
    writeFileSync(join(folder, 'migrate.js'), 'setInterval(() => undefined, 1000); // Never');
    const hasty = { ...PATIENCE, migrationMs: 300 };
    await expect(at(testServerUrl(), hasty).ensureTemplate()).rejects.toEqual(
      retried('template_migration_too_slow', /took more than 0\.3 s/),
    );
    writeFileSync(join(folder, 'migrate.js'), '// The silent one');
  });

  describe('with a database that an interrupted drop left invalid', () => {
    beforeEach(async () => {
      await at(testServerUrl()).drop(name, stillOurs);
      await at(testServerUrl()).ensure(name, 'secret', stillOurs);
      await invalidate(name);
    });
    const things = async () =>
      (await at(testServerUrl()).next('', 1000)).filter((thing) => thing.name === name);

    it('replaces that database', async () => {
      await at(testServerUrl()).ensure(name, 'another', stillOurs);
      await asAdmin(at(testServerUrl()).urlFor(name, 'another'), (owner) => owner.query('select 1'));
    });

    it('reports that database as missing, and still lists it for removal', async () => {
      const { databases, roles } = await at(testServerUrl()).present([name]);
      expect([databases.size, roles.size]).toEqual([0, 1]);
      expect(await things()).toContainEqual({ what: 'database', name });
    });

    it('restores no role for that database', async () => {
      expect(await at(testServerUrl()).restoreRole(name, 'secret')).toBe(false);
    });

    it('removes that database', async () => {
      await at(testServerUrl()).drop(name, stillOurs);
      expect(await things()).toEqual([]);
    });
  });

  it('replaces a template that an interrupted drop left invalid', async () => {
    await invalidate(await at(testServerUrl()).ensureTemplate());
    await at(testServerUrl()).drop(name, stillOurs);
    await at(testServerUrl()).ensure(name, 'secret', stillOurs);
    expect((await at(testServerUrl()).present([name])).databases).toEqual(new Set([name]));
  });
});
