import { Database } from '@atlas/persistence';
import { CommitFaults, EVERY_DATABASE, eventually } from '@atlas/testing';
import { PlaneOutage } from '../../src/fleet/plane-outage.entity';
import { PlaneWatch } from '../../src/fleet/plane-watch';
import { Outbox } from '../../src/outbox/outbox';
import { OutgoingEvent } from '../../src/outbox/outgoing-event.entity';
import { ProvisioningHost } from '../../src/provisioning-jobs/provisioning-host';
import { ProvisioningJob } from '../../src/provisioning-jobs/provisioning-job.entity';
import { type DriftCheck } from '../../src/reconcile/checks/drift-check';
import { Drift } from '../../src/reconcile/drift.entity';
import { Drifts } from '../../src/reconcile/drifts';
import { DRIFT_CHECKS } from '../../src/reconcile/reconciler';
import { TenantPlane } from '../../src/registry/tenant-plane.entity';
import { TestControlPlane } from '../control-plane.fixture';
import { JobScene } from '../job-scene.fixture';
import { type PlaneSimulator } from '../plane-simulator.fixture';
import { In } from 'typeorm';

const OFFLINE_AFTER = 75;
const CONSOLE = 'http://127.0.0.1:4100/console';

/**
 * An event is written in the transaction of the fact that it tells about.
 *
 * To see it fail: in `ProvisioningHost.settle`, `Drifts` or `PlaneWatch`, leave out `outbox.add`; in
 * `PlaneWatch.tellOffline`, leave out `insertIfAbsent`; or in `Outbox.add`, write outside of `manager`.
 */
describe.each(EVERY_DATABASE)('the events of facts on %s', (driver) => {
  let scene: JobScene;
  let plane: TestControlPlane;
  beforeAll(async () => {
    scene = await JobScene.set(driver);
    plane = scene.plane;
  });
  afterAll(() => plane.close());

  const told = async (about: string) =>
    (await plane.rows(OutgoingEvent, { subject: about })).map(({ type, data }) => ({ type, data }));
  const write = <T>(work: Parameters<Database['write']>[0]) =>
    plane.app.get(Database).write(work) as Promise<T>;

  describe('job.failed', () => {
    /** A job that has just failed. */
    const failing = async () => {
      const { job, id, slug } = await scene.waiting();
      plane.clock.advance(24 * 3600);
      await scene.cell.report();
      await scene.looksAgain(job);
      await scene.reaches(job, 'failed');
      return { job, id, slug };
    };

    it('names the job, its tenant, its step and the code, but quotes no text', async () => {
      const { job, id, slug } = await failing();
      expect(await told(`tenant:${id}`)).toEqual([
        {
          type: 'job.failed',
          data: {
            job: {
              id: job,
              operation: 'provision',
              failed_step: 'await-report',
              error_code: 'wait_timed_out',
            },
            tenant: { id, slug, name: `Tenant ${slug}` },
            tenant_plane: null,
            console_url: `${CONSOLE}/jobs/${job}`,
          },
        },
      ]);
    });

    it('is told once for each failure', async () => {
      const { job, id } = await failing();
      await scene.act(job, 'retry').expect(202);
      await scene.looksAgain(job);
      plane.clock.advance(24 * 3600);
      await scene.cell.report();
      await scene.looksAgain(job);
      await scene.reaches(job, 'failed');
      expect((await told(`tenant:${id}`)).map(({ type }) => type)).toEqual(['job.failed', 'job.failed']);
    });

    it('is not told if the transaction fails', async () => {
      const { job, id } = await scene.waiting();
      const [row] = await plane.rows(ProvisioningJob, { id: job });
      const host = plane.app.get(ProvisioningHost);
      const failed = write(async (manager) => {
        await host.settle(manager, row as ProvisioningJob, 'failed');
        throw new Error('This transaction fails.');
      });
      await expect(failed).rejects.toThrow('This transaction fails.');
      expect(await told(`tenant:${id}`)).toEqual([]);
      await write((manager) => host.settle(manager, row as ProvisioningJob, 'failed'));
      expect(await told(`tenant:${id}`)).toHaveLength(1);
    });
  });

  describe('drift.found and drift.resolved', () => {
    const found = { subjectId: 'some-tenant', detail: 'A path /var/lib and a host db.internal.' };
    const check = () => plane.app.get<readonly DriftCheck[]>(DRIFT_CHECKS)[0] as DriftCheck;
    const open = () => write((manager) => plane.app.get(Drifts).open(manager, check(), found));

    it('are told once for each drift, in order, without its text', async () => {
      const { kind, subjects } = check();
      expect([await open(), await open()]).toEqual([expect.objectContaining({ kind }), null]);
      const [drift] = await plane.rows(Drift, { subjectId: found.subjectId });
      if (!drift) throw new Error('The drift was not recorded.');
      const drifts = plane.app.get(Drifts);
      await Promise.all([1, 2].map(() => write((manager) => drifts.resolve(manager, drift, 'repaired'))));
      const subject = { kind: subjects.kind, id: found.subjectId };
      const data = { drift: { id: drift.id, kind, subject }, console_url: `${CONSOLE}/drifts` };
      expect(await told(`${subjects.kind}:${found.subjectId}`)).toEqual([
        { type: 'drift.found', data },
        { type: 'drift.resolved', data: { ...data, drift: { ...data.drift, how: 'repaired' } } },
      ]);
    });
  });

  describe('tenant_plane.offline and tenant_plane.online', () => {
    let cell: PlaneSimulator;
    beforeEach(async () => (cell = await plane.enrolledCell()));

    const look = () => plane.app.get(PlaneWatch).look();
    /** Lets the Control Plane look every few seconds, as it does while it runs. */
    const pass = async (seconds: number): Promise<void> => {
      for (let left = seconds; left > 0; left -= 15) {
        plane.clock.advance(Math.min(left, 15));
        await look();
      }
    };
    const types = async () => (await told(`tenant_plane:${cell.id}`)).map(({ type }) => type);

    it('are told once for each outage, however often and in how many processes one looks', async () => {
      expect((await cell.report()).status).toBe(200);
      const since = plane.clock.now().toISOString();
      await look();
      await pass(OFFLINE_AFTER);
      expect(await types()).toEqual([]);
      plane.clock.advance(1);
      await Promise.all([look(), look(), look()]);
      await look();
      expect((await cell.report()).status).toBe(200);
      await Promise.all([look(), look(), look()]);
      const [{ name } = { name: '' }] = await plane.rows(TenantPlane, { id: cell.id });
      const data = {
        tenant_plane: { id: cell.id, name },
        offline_since: since,
        console_url: `${CONSOLE}/fleet/${cell.id}`,
      };
      expect(await told(`tenant_plane:${cell.id}`)).toEqual([
        { type: 'tenant_plane.offline', data },
        { type: 'tenant_plane.online', data },
      ]);
      await pass(OFFLINE_AFTER + 1);
      expect(await types()).toHaveLength(3);
    });

    /** To see it fail, use `out` for `mayBeOut`. */
    it('are not told about planes that could not report while the Control Plane was away', async () => {
      await pass(OFFLINE_AFTER);
      await cell.report();
      plane.clock.advance(3600);
      await pass(OFFLINE_AFTER - 15);
      expect(await types()).toEqual([]);
      await pass(30);
      expect(await types()).toEqual(['tenant_plane.offline']);
    });

    /** To see it fail, leave out `try`. */
    it('are told about other planes although one plane cannot be told about', async () => {
      const others = [await plane.enrolledCell(), await plane.enrolledCell()];
      const outbox = plane.app.get(Outbox);
      const add = jest.spyOn(outbox, 'add').mockRejectedValueOnce(new Error('This plane fails.'));
      await look();
      await pass(OFFLINE_AFTER);
      plane.clock.advance(1);
      await look();
      add.mockRestore();
      const planes = [cell, ...others].map(({ id }) => id);
      expect(await plane.count(PlaneOutage, { tenantPlaneId: In(planes) })).toBe(2);
    });

    it('are told by the chores', async () => {
      await cell.report();
      await pass(OFFLINE_AFTER);
      plane.clock.advance(1);
      await plane.sweep();
      expect(await types()).toEqual(['tenant_plane.offline']);
    });

    it('are not told about planes that have not enrolled, or are retired', async () => {
      const expected = await plane.registerCell();
      await pass(OFFLINE_AFTER + 1);
      expect(await told(`tenant_plane:${expected.id}`)).toEqual([]);
      expect(await types()).toEqual(['tenant_plane.offline']);
      await plane.change(TenantPlane, { id: cell.id }, { status: 'retired' });
      await look();
      expect(await types()).toEqual(['tenant_plane.offline']);
      expect(await plane.count(PlaneOutage, { tenantPlaneId: cell.id })).toBe(0);
    });
  });
});

describe.each(EVERY_DATABASE)('the events of facts whose COMMIT fails on %s', (driver) => {
  it('are as many as the facts', async () => {
    const faults = await CommitFaults.start();
    const plane = await TestControlPlane.boot(driver, {}, {}, (url) => faults.through(url));
    const cells: PlaneSimulator[] = [];
    for (let n = 0; n < 4; n += 1) cells.push(await plane.enrolledCell());
    const watch = plane.app.get(PlaneWatch);
    await watch.look();
    for (let passed = 0; passed <= OFFLINE_AFTER; passed += 15) {
      plane.clock.advance(15);
      if (passed < OFFLINE_AFTER) await watch.look();
    }
    faults.begin();
    await eventually(
      async () => {
        await plane.app
          .get(PlaneWatch)
          .look()
          .catch(() => undefined);
        return (await plane.count(PlaneOutage)) === cells.length;
      },
      { what: 'all outages are recorded', everyMs: 5, timeoutMs: 10_000 },
    );
    faults.end();
    expect(faults.count).toBeGreaterThan(1);
    const events = await plane.rows(OutgoingEvent);
    expect(events.map(({ subject }) => subject).sort()).toEqual(
      cells.map(({ id }) => `tenant_plane:${id}`).sort(),
    );
    await plane.close();
    await faults.stop();
  });
});
