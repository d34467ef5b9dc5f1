import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Database } from '@atlas/persistence';
import { Secret, identityOf } from '@atlas/platform';
import { uuidv7 } from '@atlas/tenancy';
import { EVERY_DATABASE, eventually } from '@atlas/testing';
import { AuditEvent } from '../../src/audit/audit-event.entity';
import { type ControlPlaneConfig } from '../../src/config/control-plane.config';
import { DatabaseUrls } from '../../src/desired-state/database-urls';
import { infrastructureName } from '../../src/infrastructure/drivers/infrastructure-name';
import { LocalPlane } from '../../src/infrastructure/drivers/local/local-plane.entity';
import { newProvisioningJob } from '../../src/provisioning-jobs/job-starter';
import { ProvisioningJob } from '../../src/provisioning-jobs/provisioning-job.entity';
import { type DriftCheck } from '../../src/reconcile/checks/drift-check';
import { Drift } from '../../src/reconcile/drift.entity';
import { Drifts } from '../../src/reconcile/drifts';
import { ReconcileRounds } from '../../src/reconcile/reconcile-rounds';
import { ReconcileTurn } from '../../src/reconcile/reconcile-state.entity';
import { ReconcileTimer } from '../../src/reconcile/reconcile-timer';
import { DRIFT_CHECKS, Reconciler } from '../../src/reconcile/reconciler';
import { Placement } from '../../src/registry/placement.entity';
import { TenantPlane, expectedPlane } from '../../src/registry/tenant-plane.entity';
import { Tenant } from '../../src/registry/tenant.entity';
import { type TestControlPlane } from '../control-plane.fixture';
import { besideHeldTenant } from '../held-operator.fixture';
import { ReconcileScene, type Settled } from '../reconcile-scene.fixture';
import { formerHome } from '../travel-scene.fixture';

jest.setTimeout(60_000);

const read = (file: string): string => readFileSync(join(__dirname, '../../../..', file), 'utf8');

const ELSEWHERE = 'http://127.0.0.1:1';

describe.each(EVERY_DATABASE)('reconciliation on %s', (driver) => {
  let set: ReconcileScene;
  let shared: Settled;
  let dedicated: Settled & { readonly row: LocalPlane };
  beforeAll(async () => {
    set = await ReconcileScene.set(driver);
    shared = await set.shared();
    dedicated = await set.dedicated();
    // The stand-in plane does not create a database file.
    if (driver === 'sqlite') writeFileSync(databaseFile(), '');
  });
  afterAll(() => set.close());
  afterEach(() => set.between(() => Promise.resolve()));

  const databaseFile = () => join(set.planesFolder, dedicated.row.name, 'tenant-plane.db');
  const kinds = () => set.plane.app.get<readonly DriftCheck[]>(DRIFT_CHECKS).map(({ kind }) => kind);
  const change = (...args: Parameters<TestControlPlane['change']>) => set.plane.change(...args);
  const only = async <T extends object>(entity: new () => T, where: object): Promise<T> => {
    const [row] = await set.plane.rows(entity, where);
    if (!row) throw new Error('The row does not exist.');
    return row;
  };
  const placementOf = ({ id }: Settled) => only(Placement, { tenantId: id });

  /** Reconciles twice, and expects the drift to be found and audited once. */
  const isReported = async (kind: string, subjectId: string): Promise<Drift> => {
    await set.look();
    await set.look();
    const drifts = await set.open(kind, subjectId);
    expect(drifts).toHaveLength(1);
    const drift = drifts[0] as Drift;
    const audited = await set.plane.rows(AuditEvent, { targetId: drift.id });
    expect(audited.map(({ action }) => action)).toEqual(['drift.found']);
    return drift;
  };
  const isGone = async (drift: Drift): Promise<void> => {
    expect((await set.look()).gone).toBeGreaterThan(0);
    expect(await only(Drift, { id: drift.id })).toMatchObject({
      resolvedAt: expect.any(Date),
      repaired: false,
    });
    expect(await set.plane.count(AuditEvent, { action: 'drift.gone', targetId: drift.id })).toBe(1);
  };
  const isRepaired = async (kind: string, subjectId: string): Promise<void> => {
    const before = await set.newest(kind, subjectId);
    await set.look();
    const drift = await set.newest(kind, subjectId);
    expect(drift?.id).not.toBe(before?.id);
    expect(drift).toMatchObject({ resolvedAt: expect.any(Date), repaired: true });
    expect(await set.plane.count(AuditEvent, { action: 'drift.repaired', targetId: drift?.id })).toBe(1);
  };
  /** Expects the difference to be ignored while a job is working on its subject. */
  const isLeftToJobs = (
    about: { tenantId?: string; tenantPlaneId?: string },
    kind: string,
    subjectId: string,
  ) =>
    set.whileBusy(about, async () => {
      const before = await set.newest(kind, subjectId);
      await set.look();
      expect(await set.newest(kind, subjectId)).toEqual(before);
    });

  it('finds nothing if nothing differs', async () => {
    await set.look();
    const ours = (await set.plane.rows(Drift)).filter(({ kind }) => kind !== 'infrastructure_orphaned');
    expect(ours).toEqual([]);
  });

  it('uses a distinct name for each kind of drift', () => {
    expect(new Set(kinds()).size).toBe(kinds().length);
  });

  it('is documented in the runbook with one row for each kind of drift', () => {
    const [, section = ''] = /^## Drifts$([^]*?)^## /m.exec(read('docs/TP_DEPLOYMENT_RUNBOOK.md')) ?? [];
    const cells = [...section.matchAll(/^\| (`.*?) +\|/gm)].map(([, cell = '']) => cell);
    expect(cells.flatMap((cell) => cell.match(/[a-z_]+/g)).sort()).toEqual(kinds().sort());
  });

  it('is covered by the reconcile proof, which injects one drift of each kind', () => {
    const injected = [...read('apps/qa/src/drifts/injections.ts').matchAll(/ kind: '([a-z_]+)'/g)];
    expect([...new Set(injected.map(([, kind]) => kind))].sort()).toEqual(kinds().sort());
  });

  it('finds nothing until the planes of a restored Control Plane have reported', async () => {
    const { cell } = set.scene;
    const { revision } = cell;
    set.plane.clock.advance(600);
    await set.plane.beginEpoch();
    await cell.report([], { revision });
    expect(await set.look()).toMatchObject({ found: 0, repaired: 0 });
    set.scene.cell.tenants.delete(shared.id);
    await cell.serve(shared.id);
  });

  it('ignores a difference that is gone at the second check', async () => {
    await change(TenantPlane, { id: shared.planeId }, { placed: 7 });
    set.between(() => change(TenantPlane, { id: shared.planeId }, { placed: 1 }));
    expect(await set.look()).toMatchObject({ found: 0, repaired: 0 });
    expect(await set.newest('count_differs', shared.planeId)).toBeUndefined();
  });

  it('ignores a difference if a job is handling it by the time of the second check', async () => {
    const { id } = shared;
    const job = { tenantId: id, operation: 'provision' };
    const dueAt = new Date(set.plane.clock.now().getTime() + 86_400_000);
    await change(Tenant, { id }, { status: 'provisioning' });
    set.between(() => change(ProvisioningJob, job, { status: 'waiting', dueAt }));
    expect(await set.look()).toMatchObject({ found: 0 });
    expect(await set.newest('job_missing', id)).toBeUndefined();
    await change(ProvisioningJob, job, { status: 'succeeded' });
    await change(Tenant, { id }, { status: 'active' });
  });

  it('records a drift once when two processes find it at the same time', async () => {
    const { app } = set.plane;
    const parts = [app.get<DriftCheck[]>(DRIFT_CHECKS), app.get(Database), app.get(Drifts)] as const;
    const lookers = [new Reconciler(...parts), new Reconciler(...parts)];
    for (const looker of lookers) Object.assign(looker as object, { pause: () => Promise.resolve() });
    await change(TenantPlane, { id: shared.planeId }, { placed: 7, capacity: 7 });
    const looks = await Promise.all(lookers.map((looker) => looker.look()));
    const sum = (field: 'found' | 'repaired' | 'gone') =>
      looks.reduce((total, look) => total + look[field], 0);
    expect([sum('found'), sum('repaired'), sum('gone')]).toEqual([1, 1, 0]);
    expect(await set.plane.count(Drift, { kind: 'count_differs' })).toBe(1);
    await change(TenantPlane, { id: shared.planeId }, { capacity: 1000 });
  });

  describe('of tenants', () => {
    it('reports a tenant without a home', async () => {
      const placement = await placementOf(shared);
      await set.sql('delete from placements where tenant_id = $1', [shared.id]);
      await isLeftToJobs({ tenantId: shared.id }, 'tenant_without_home', shared.id);
      const drift = await isReported('tenant_without_home', shared.id);
      expect(drift.detail).toContain(shared.slug);
      await set.plane.app.get(Database).write((manager) => manager.insert(Placement, placement));
      await isGone(drift);
    });

    it('reports a tenant whose home is retired', async () => {
      const cell = await set.plane.enrolledCell({ region: 'lonely' });
      const tenant = await set.shared({ region: 'lonely' }, cell);
      await change(TenantPlane, { id: cell.id }, { status: 'retired' });
      await isLeftToJobs({ tenantId: tenant.id }, 'home_retired', tenant.id);
      const drift = await isReported('home_retired', tenant.id);
      await change(TenantPlane, { id: cell.id }, { status: 'enrolled' });
      await isGone(drift);
    });

    it('reports a tenant whose home has lost its rows', async () => {
      const where = { tenantId: shared.id };
      await change(Placement, where, { restoredFrom: uuidv7(), importedBy: uuidv7() });
      await isLeftToJobs(where, 'copy_missing', shared.id);
      const drift = await isReported('copy_missing', shared.id);
      await change(Placement, where, { restoredFrom: null, importedBy: null });
      await isGone(drift);
    });

    it('reports a move that no job continues, unless a failed job already shows it', async () => {
      const other = await set.plane.enrolledCell();
      const place = { ...(await placementOf(shared)), tenantPlaneId: other.id, phase: 'importing' as const };
      await set.plane.app.get(Database).write((manager) => manager.insert(Placement, place));
      await isLeftToJobs({ tenantId: shared.id }, 'move_abandoned', shared.id);
      const provision = { tenantId: shared.id, operation: 'provision' };
      await change(ProvisioningJob, provision, { status: 'failed' });
      await set.look();
      expect(await set.newest('move_abandoned', shared.id)).toBeUndefined();
      await change(ProvisioningJob, provision, { status: 'succeeded' });
      const drift = await isReported('move_abandoned', shared.id);
      await set.sql('delete from placements where tenant_plane_id = $1', [other.id]);
      await isGone(drift);
    });

    it('reports a tenant whose transitional status has no job', async () => {
      await change(Tenant, { id: shared.id }, { status: 'provisioning' });
      await isLeftToJobs({ tenantId: shared.id }, 'job_missing', shared.id);
      const drift = await isReported('job_missing', shared.id);
      await change(Tenant, { id: shared.id }, { status: 'active' });
      await isGone(drift);
    });

    it.each([
      ['url', { url: ELSEWHERE }],
      ['endpointUrl', { endpointUrl: ELSEWHERE }],
      ['dbUrlSealed', { dbUrlSealed: null }],
    ])("repairs a tenant's %s if it differs from the plane's record", async (field, wrong) => {
      const { id } = dedicated;
      const right = await only(Tenant, { id });
      await change(Tenant, { id }, wrong);
      if (field === 'url') await isLeftToJobs({ tenantId: id }, 'address_differs', id);
      await isRepaired('address_differs', id);
      const { url, endpointUrl } = await only(Tenant, { id });
      expect({ url, endpointUrl }).toEqual({ url: right.url, endpointUrl: right.endpointUrl });
      expect(await databaseUrl()).toBe(set.plane.app.get(DatabaseUrls).open(right)?.reveal());
    });
    const databaseUrl = async () =>
      set.plane.app
        .get(DatabaseUrls)
        .open(await only(Tenant, { id: dedicated.id }))
        ?.reveal();

    it('reports a tenant that cannot be checked, and still checks the others', async () => {
      const { dbUrlSealed } = await only(Tenant, { id: dedicated.id });
      await change(Tenant, { id: dedicated.id }, { dbUrlSealed: 'not sealed by us' });
      await change(Tenant, { id: shared.id }, { url: ELSEWHERE });
      expect(await set.look()).toMatchObject({ repaired: 1, not_looked_at: ['tenant'] });
      await change(Tenant, { id: dedicated.id }, { dbUrlSealed });
      expect(await set.look()).toMatchObject({ repaired: 0, not_looked_at: [] });
    });

    it("publishes a tenant's entry that was never published", async () => {
      await change(Placement, { tenantId: shared.id }, { entryRevision: 0 });
      await isLeftToJobs({ tenantId: shared.id }, 'entry_unpublished', shared.id);
      await isRepaired('entry_unpublished', shared.id);
      set.scene.cell.tenants.delete(shared.id);
      await set.scene.cell.serve(shared.id);
    });

    it('republishes an entry that a plane skipped, and reports one that a plane cannot apply', async () => {
      await change(Placement, { tenantId: shared.id }, { reportedRevision: 0 });
      await isLeftToJobs({ tenantId: shared.id }, 'entry_unapplied', shared.id);
      await isRepaired('entry_unapplied', shared.id);
      set.scene.cell.tenants.delete(shared.id);
      await set.scene.cell.serve(shared.id);
      await set.scene.report(shared.id, 'failed', 'disk full');
      const drift = await isReported('entry_unapplied', shared.id);
      expect(drift.detail).toContain('disk full');
      await set.scene.report(shared.id, 'applied');
      await isGone(drift);
    });
  });

  describe('of tenant planes', () => {
    it('corrects the number of taken places', async () => {
      await change(TenantPlane, { id: shared.planeId }, { placed: 7 });
      await isLeftToJobs({ tenantPlaneId: shared.planeId }, 'count_differs', shared.planeId);
      await isRepaired('count_differs', shared.planeId);
      expect(await set.scene.placed()).toBe(1);
    });

    it('reports a plane with more taken places than its capacity', async () => {
      await change(TenantPlane, { id: shared.planeId }, { placed: 0, capacity: 0 });
      const drift = await isReported('count_differs', shared.planeId);
      await change(TenantPlane, { id: shared.planeId }, { placed: 1, capacity: 1000 });
      await isGone(drift);
    });

    it('reports a plane whose tenant is deleted', async () => {
      await change(Tenant, { id: dedicated.id }, { status: 'deleted' });
      await isLeftToJobs({ tenantId: dedicated.id }, 'plane_left_over', dedicated.planeId);
      const drift = await isReported('plane_left_over', dedicated.planeId);
      await change(Tenant, { id: dedicated.id }, { status: 'active' });
      await isGone(drift);
    });

    it('reports an online plane that does not apply its state, and ignores silent planes', async () => {
      const cell = await set.plane.enrolledCell();
      const { revision } = await only(TenantPlane, { id: cell.id });
      set.plane.clock.advance(600);
      await set.look();
      expect(await set.newest('plane_behind', cell.id)).toBeUndefined();
      await cell.report();
      await change(TenantPlane, { id: cell.id }, { revision: revision + 1 });
      const drift = await isReported('plane_behind', cell.id);
      await cell.pull();
      await cell.report();
      await isGone(drift);
    });
  });

  describe('of plane reports', () => {
    it('reports a failing plane with its failing checks', async () => {
      const cell = await set.plane.enrolledCell();
      const checks = [{ name: 'disk', status: 'failing', detail: '12 MB free' }];
      await cell.report([], { health: { status: 'degraded', checks: [] } });
      await set.look();
      expect(await set.newest('plane_failing', cell.id)).toBeUndefined();
      await cell.report([], { health: { status: 'failing', checks } });
      const drift = await isReported('plane_failing', cell.id);
      expect(drift.detail).toContain('disk failing (12 MB free)');
      await cell.report([], { health: { status: 'ok' } });
      await isGone(drift);
    });

    it('reports a plane whose address differs from the recorded one', async () => {
      const { id } = await only(TenantPlane, { id: dedicated.planeId });
      const { endpointUrl } = await only(TenantPlane, { id });
      await change(TenantPlane, { id }, { reportedEndpointUrl: `${endpointUrl}/` });
      await set.look();
      expect(await set.newest('plane_address_differs', id)).toBeUndefined();
      await change(TenantPlane, { id }, { reportedEndpointUrl: ELSEWHERE });
      await isLeftToJobs({ tenantPlaneId: id }, 'plane_address_differs', id);
      const drift = await isReported('plane_address_differs', id);
      expect(drift.detail).toMatch(new RegExp(`${ELSEWHERE}, but ${endpointUrl} is recorded`));
      await change(TenantPlane, { id }, { reportedEndpointUrl: endpointUrl });
      await isGone(drift);
    });

    it('reports replicas that have alternated between addresses within the last hour', async () => {
      const cell = await set.plane.enrolledCell();
      for (const endpoint_url of ['https://one.example', 'https://two.example'])
        await cell.report([], { endpoint_url });
      await set.look();
      expect(await set.newest('plane_address_differs', cell.id)).toBeUndefined();
      await cell.report([], { endpoint_url: 'https://one.example' });
      const drift = await isReported('plane_address_differs', cell.id);
      expect(drift.detail).toContain('https://two.example and back to https://one.example');
      const anHourAgo = new Date(set.plane.clock.now().getTime() - 3_600_000);
      await change(TenantPlane, { id: cell.id }, { endpointReturnedAt: anHourAgo });
      await isGone(drift);
    });
  });

  it('reports a plane of the warm pool that waits for a person', async () => {
    const now = set.plane.clock.now();
    const facts = { region: null, capacity: 1, placed: 0, secretMode: 'own', now } as const;
    const name = (id: string): string => `warm-${id.slice(-8)}`;
    const expected = expectedPlane({ ...facts, name, deploymentModel: 'dedicated' });
    const { id: tenantPlaneId } = expected;
    const request = { operation: 'warm', tenantId: null, tenantPlaneId, steps: [] } as const;
    const job = { ...newProvisioningJob(request, now), id: uuidv7(), status: 'failed' } as const;
    await set.plane.insert(TenantPlane, { ...expected, poolState: 'pooled', acceptsTenants: false });
    await set.plane.insert(ProvisioningJob, job);
    const drift = await isReported('pool_short', 'dedicated');
    expect(drift.detail).toContain(`atlas rollback ${job.id}`);
    // The plane itself is no drift.
    expect(await set.open('plane_left_over', tenantPlaneId)).toEqual([]);
    await set.plane.remove(ProvisioningJob, { id: job.id });
    await set.plane.remove(TenantPlane, { id: tenantPlaneId });
    await isGone(drift);
  });

  it('wakes an unattended job', async () => {
    const now = set.plane.clock.now();
    const request = { operation: 'suspend' as const, tenantId: shared.id, steps: [] };
    const job = {
      ...newProvisioningJob(request, now),
      id: uuidv7(),
      dueAt: new Date(now.getTime() + 86_400_000),
    };
    const { id } = job;
    await set.plane.insert(ProvisioningJob, job);
    await isRepaired('job_unattended', id);
    await eventually(async () => (await only(ProvisioningJob, { id })).status === 'succeeded');
  });

  describe('of infrastructure', () => {
    const about = () => ({ tenantId: dedicated.id });

    it('reports a plane that its driver does not know', async () => {
      const row = await only(LocalPlane, { tenantPlaneId: dedicated.planeId });
      await set.sql('delete from local_planes');
      await isLeftToJobs(about(), 'driver_record_missing', dedicated.planeId);
      const drift = await isReported('driver_record_missing', dedicated.planeId);
      await set.plane.app.get(Database).write((manager) => manager.insert(LocalPlane, row));
      await isGone(drift);
    });

    it('reports a missing database', async () => {
      const { name } = dedicated.row;
      const rename = (from: string, to: string) =>
        driver === 'sqlite' ? renameSync(from, to) : set.onServer(`alter database ${from} rename to ${to}`);
      const [here, away] =
        driver === 'sqlite' ? [databaseFile(), `${databaseFile()}.away`] : [name, `${name}_away`];
      await rename(here, away);
      await isLeftToJobs(about(), 'database_missing', dedicated.planeId);
      const drift = await isReported('database_missing', dedicated.planeId);
      await rename(away, here);
      await isGone(drift);
    });

    it('starts a needed process that is marked as unwanted', async () => {
      const tenantPlaneId = dedicated.planeId;
      await change(LocalPlane, { tenantPlaneId }, { isWanted: false });
      await isLeftToJobs(about(), 'process_missing', tenantPlaneId);
      await isRepaired('process_missing', tenantPlaneId);
      await eventually(async () => {
        const { pid, isWanted } = await only(LocalPlane, { tenantPlaneId });
        return isWanted && pid !== null && identityOf(pid) !== undefined;
      });
    });

    it('reports a process that keeps exiting', async () => {
      const tenantPlaneId = dedicated.planeId;
      const { pid, pidStartedAt } = await only(LocalPlane, { tenantPlaneId });
      const startAt = new Date(set.plane.clock.now().getTime() + 30_000);
      await change(LocalPlane, { tenantPlaneId }, { pid: null, failures: 9, startAt });
      const drift = await isReported('process_missing', tenantPlaneId);
      await change(LocalPlane, { tenantPlaneId }, { pid, pidStartedAt, failures: 0, startAt: null });
      await isGone(drift);
    });

    it('corrects a record that differs from what the driver has created', async () => {
      const urls = set.plane.app.get(DatabaseUrls);
      const right = urls.open(await only(Tenant, { id: dedicated.id }));
      const wrong = { endpointUrl: ELSEWHERE, dbUrl: new Secret('postgres://elsewhere') };
      const former = await formerHome(set.plane, dedicated.id);
      await set.plane.app
        .get(Database)
        .write((manager) => urls.record(manager, dedicated.planeId, wrong, dedicated));
      await isRepaired('infrastructure_record_differs', dedicated.planeId);
      const tenant = await only(Tenant, { id: dedicated.id });
      expect(urls.open(tenant)?.reveal()).toBe(right?.reveal());
      expect(tenant.endpointUrl).toBe(`http://127.0.0.1:${dedicated.row.port}`);
      await former.pull();
      expect(former.tenants.get(dedicated.id)).toMatchObject({ moved_to: tenant.endpointUrl });
    });

    // Runs on Postgres only, because SQLite serialises writers.
    (driver === 'postgres' ? it : it.skip)(
      'does not lock a plane while it waits for the lock on its tenant',
      async () => {
        await change(Tenant, { id: dedicated.id }, { endpointUrl: ELSEWHERE });
        await change(TenantPlane, { id: dedicated.planeId }, { endpointUrl: ELSEWHERE });
        await besideHeldTenant(set.plane, { tenantId: dedicated.id, planeId: dedicated.planeId }, () =>
          set.look(),
        );
        expect(await set.open('infrastructure_record_differs', dedicated.planeId)).toEqual([]);
      },
    );

    it('reports a missing Terraform state', async () => {
      const tenantPlaneId = dedicated.planeId;
      await change(TenantPlane, { id: tenantPlaneId }, { infrastructureDriver: 'terraform' });
      const drift = await isReported('state_missing', tenantPlaneId);
      const name = infrastructureName({ slug: dedicated.slug, tenantPlaneId });
      mkdirSync(join(set.folder, 'terraform', name), { recursive: true });
      await isGone(drift);
      await change(TenantPlane, { id: tenantPlaneId }, { infrastructureDriver: 'local' });
    });

    it('reports orphaned folders and processes without removing them', async () => {
      const folder = join(set.planesFolder, 'atlas_nobody_0a1b2c3d');
      mkdirSync(folder);
      const sleeper = spawn(process.execPath, ['-e', 'setInterval(() => undefined, 1000)'], { cwd: folder });
      const ofFolder = await isReported('infrastructure_orphaned', `folder ${folder}`);
      const ofProcess = await isReportedNow(`process ${sleeper.pid} in ${folder}`);
      expect(sleeper.exitCode).toBeNull();
      sleeper.kill('SIGKILL');
      await new Promise((done) => sleeper.once('exit', done));
      rmSync(folder, { recursive: true });
      await isGone(ofFolder);
      expect((await only(Drift, { id: ofProcess.id })).resolvedAt).not.toBeNull();
    });
    const isReportedNow = async (subjectId: string): Promise<Drift> => {
      const [drift] = await set.open('infrastructure_orphaned', subjectId);
      expect(drift).toBeDefined();
      return drift as Drift;
    };

    if (driver === 'postgres') {
      it('reports orphaned databases and roles', async () => {
        const name = `atlas_no_one_${uuidv7().slice(-8)}`;
        await set.onServer(`create database ${name}`);
        await set.onServer(`create role ${name}`);
        const database = await isReported('infrastructure_orphaned', `database ${name}`);
        await isReportedNow(`role ${name}`);
        await set.onServer(`drop database ${name}`);
        await set.onServer(`drop role ${name}`);
        await isGone(database);
      });

      it.each(['cannot log in', 'is missing'])('restores a role that %s', async (what) => {
        const { name, tenantPlaneId } = dedicated.row;
        await set.onServer('create table if not exists notes (id serial primary key)', name);
        const drop = `alter database ${name} owner to postgres`;
        if (what === 'is missing') {
          await set.onServer(drop);
          await set.onServer(`reassign owned by ${name} to atlas_owner; drop owned by ${name}`, name);
          await set.onServer(`drop role ${name}`);
        } else await set.onServer(`alter role ${name} nologin`);
        await isRepaired('role_missing', tenantPlaneId);
        const url = set.plane.app.get(DatabaseUrls).open(await only(Tenant, { id: dedicated.id }));
        await set.asRole(url?.reveal() ?? '', 'insert into notes default values');
      });
    }
  });

  describe('for operators', () => {
    it('lists drifts in pages, newest first, and can filter for open or resolved ones', async () => {
      const all = await set.plane.get('/api/drifts?limit=2').expect(200);
      expect(all.body).toMatchObject({
        items: [{ id: expect.any(String) }, {}],
        next_cursor: expect.any(String),
      });
      const next = await set.plane.get(`/api/drifts?limit=2&cursor=${all.body.next_cursor}`).expect(200);
      expect(next.body.items[0].id < all.body.items[1].id).toBe(true);
      const mended = await set.plane.get('/api/drifts?resolved=true').expect(200);
      expect(mended.body.items.every((drift: { resolved_at: unknown }) => drift.resolved_at !== null)).toBe(
        true,
      );
      const open = await set.plane.get('/api/drifts?resolved=false').expect(200);
      expect(open.body.items.every((drift: { resolved_at: unknown }) => drift.resolved_at === null)).toBe(
        true,
      );
      await set.plane.get('/api/drifts?resolved=maybe').expect(400);
    });

    it('requires planes:read to list drifts and planes:write to reconcile', async () => {
      const token = await set.plane.createApiKey(['planes:read']);
      await set.plane.get('/api/drifts', { token }).expect(200);
      await set.plane.post('/api/reconcile', undefined, { token }).expect(403);
      await set.plane.get('/api/drifts', { token: await set.plane.createApiKey(['jobs:read']) }).expect(403);
    });

    it('counts open drifts by kind in the metrics', async () => {
      await change(Tenant, { id: shared.id }, { status: 'provisioning' });
      const drift = await isReported('job_missing', shared.id);
      const metrics = async () => (await set.plane.get('/metrics').expect(200)).text;
      expect(await metrics()).toContain('atlas_drifts_open{kind="job_missing"} 1');
      await change(Tenant, { id: shared.id }, { status: 'active' });
      await isGone(drift);
      expect(await metrics()).toContain('atlas_drifts_open{kind="job_missing"} 0');
    });
  });

  describe('of recurring differences', () => {
    const kind = 'entry_unapplied';
    /** The plane applies everything that it pulls, but reports nothing about the tenant. */
    const passOver = async (): Promise<void> => {
      const { cell } = set.scene;
      await cell.pull();
      await cell.report([]);
    };
    const look = async (minutes: number): Promise<Drift | undefined> => {
      set.plane.clock.advance(minutes * 60);
      await passOver();
      await set.look();
      return set.newest(kind, shared.id);
    };
    const leaveOut = async (): Promise<void> => {
      set.scene.cell.tenants.delete(shared.id);
      await change(Placement, { tenantId: shared.id }, { reportedRevision: 0 });
    };

    it('repairs a difference after increasing delays, and then leaves it to an operator', async () => {
      const before = await set.plane.count(Drift, { kind });
      set.plane.clock.advance(900);
      await leaveOut();
      for (let n = 0; n < 4; n += 1) expect(await look(1)).toMatchObject({ repaired: true });
      for (const minutes of [2, 5, 10]) {
        expect(await look(0)).toMatchObject({
          resolvedAt: null,
          detail: expect.stringContaining('next one is due at'),
        });
        expect(await look(minutes)).toMatchObject({ repaired: true });
      }
      const open = await look(1);
      expect(open).toMatchObject({ resolvedAt: null, failedRepairs: 7 });
      expect(open?.detail).toContain('It was repaired 7 times in a row');
      expect(await look(60)).toMatchObject({ id: open?.id, resolvedAt: null });
      expect(await set.plane.count(Drift, { kind })).toBe(before + 8);
      await set.scene.cell.serve(shared.id);
      await isGone(open as Drift);
      // A later difference counts as a new one.
      await leaveOut();
      expect(await look(0)).toMatchObject({ repaired: true, failedRepairs: 0 });
      await set.scene.cell.serve(shared.id);
    });

    it('counts failed repairs from zero again once a repair has lasted', async () => {
      for (let n = 0; n < 8; n += 1) {
        await leaveOut();
        expect(await look(16)).toMatchObject({ repaired: true, failedRepairs: 0 });
        await set.scene.cell.serve(shared.id);
      }
    });
  });

  // Runs on Postgres only, because SQLite has no roles.
  (driver === 'postgres' ? it : it.skip)('has found each kind of drift in the tests above', async () => {
    const found = (await set.plane.rows(Drift)).map(({ kind }) => kind);
    expect([...new Set(found)].sort()).toEqual(kinds().sort());
  });

  it('runs in one of several processes at a time, and again after 75 % of the interval', async () => {
    const { app, clock } = set.plane;
    const database = app.get(Database);
    const rounds = app.get(ReconcileRounds);
    const run = jest.spyOn(rounds, 'run').mockResolvedValue();
    const config = { RECONCILE_INTERVAL_SECONDS: 60 } as ControlPlaneConfig;
    const timer = () => new ReconcileTimer(config, database, rounds);
    const timers = [timer(), timer(), timer()];
    const now = clock.now().getTime();
    await change(ReconcileTurn, { id: 1 }, { dueAt: new Date(now) });
    const turns = timers.map((one) => one.turn());
    await Promise.all(turns);
    expect(run).toHaveBeenCalledTimes(1);
    const { dueAt } = await only(ReconcileTurn, { id: 1 });
    expect(dueAt.getTime() - now).toBe(45_000);
    clock.advance(44);
    await timers[0]?.turn();
    expect(run).toHaveBeenCalledTimes(1);
    clock.advance(1);
    await timers[1]?.turn();
    expect(run).toHaveBeenCalledTimes(2);
    await Promise.all(timers.map((one) => one.beforeApplicationShutdown()));
    run.mockRestore();
  });
});
