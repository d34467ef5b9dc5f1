import { Attempts } from '@atlas/jobs';
import { Database } from '@atlas/persistence';
import { type DesiredState } from '@atlas/plane-contract';
import { openNextSecret } from '@atlas/service-auth';
import { databasesOfLongSuite, eventually } from '@atlas/testing';
import { AuditEvent } from '../../src/audit/audit-event.entity';
import { type FencedWrite } from '../../src/infrastructure/drivers/infrastructure-driver';
import { Infrastructures } from '../../src/infrastructure/infrastructures';
import { ProvisioningJob } from '../../src/provisioning-jobs/provisioning-job.entity';
import { Placement } from '../../src/registry/placement.entity';
import { TenantPlane } from '../../src/registry/tenant-plane.entity';
import { Tenant } from '../../src/registry/tenant.entity';
import { type TestControlPlane } from '../control-plane.fixture';
import { type Driven, DrivenPlanes } from '../driven-planes.fixture';
import { HeldRow, besideHeldTenant } from '../held-operator.fixture';
import { JOBS, JobScene } from '../job-scene.fixture';
import { type Install, PlaneSimulator, bodyOf, refusal } from '../plane-simulator.fixture';
import { formerHome } from '../travel-scene.fixture';

const [OLD, NEW, OWN] = ['0.0.8', '0.0.9', '0.1.0'];
const HEALTHY_SECONDS = 100;
const QUIET_SECONDS = 50;
const NOBODY = '00000000-0000-7000-8000-000000000000';

interface Accepted {
  readonly job: { readonly id: string };
}
interface PlaneView {
  readonly id: string;
  readonly version: string;
  readonly version_class: string;
  readonly release: string | null;
  readonly health: string;
}

describe.each(databasesOfLongSuite('postgres'))('an upgrade of a tenant plane on %s', (driver) => {
  let scene: JobScene;
  let plane: TestControlPlane;
  let planes: DrivenPlanes;
  let readOnly: string;
  beforeAll(async () => {
    const env = {
      TENANT_PLANE_VERSION: OLD,
      UPGRADE_HEALTHY_SECONDS: String(HEALTHY_SECONDS),
      SECRET_ROTATION_QUIET_SECONDS: String(QUIET_SECONDS),
    };
    scene = await JobScene.set(driver, env);
    ({ plane } = scene);
    readOnly = await plane.createApiKey(['planes:read']);
    planes = new DrivenPlanes(scene);
  });
  afterAll(() => plane.close());

  const ask = (id: string, body: object = { version: NEW }, query = '') =>
    plane.post(`/api/tenant-planes/${id}/upgrade${query}`, body);
  const upgrade = async ({ planeId }: Driven, version = NEW): Promise<string> =>
    bodyOf<Accepted>(await ask(planeId, { version }).expect(202)).job.id;
  const fleet = async (query = ''): Promise<PlaneView[]> =>
    bodyOf<{ items: PlaneView[] }>(await plane.get(`/api/tenant-planes${query}`).expect(200)).items;
  const shown = async ({ planeId }: Driven) => (await fleet()).find(({ id }) => id === planeId);
  const stepsOf = async (id: string): Promise<string[]> =>
    (await scene.job(id)).steps.map(({ name, status }) => `${name} ${status}`);
  const isTold = (one: Driven, ...versions: string[]): Promise<boolean> =>
    eventually(() => planes.told.get(one.planeId)?.join() === versions.join(), {
      what: `the driver is told to run ${versions}`,
    });
  /** Waits until the job reports that it is waiting for `what`. */
  const waitsFor = (id: string, what: string): Promise<boolean> =>
    eventually(async () => JSON.stringify(await scene.job(id)).includes(what), {
      what: `the job waits for ${what}`,
    });
  const sweptUntil = (id: string, status: string): Promise<boolean> =>
    eventually(
      async () => {
        await plane.sweep();
        return (await scene.job(id)).status === status;
      },
      { what: `the job is ${status}` },
    );

  describe('with a driver', () => {
    let one: Driven;
    beforeEach(async () => (one = await planes.provision(OLD)));

    it('replaces the plane, and succeeds once the plane is healthy on the new version', async () => {
      const answer = await ask(one.planeId).expect(202);
      const { id } = bodyOf<Accepted>(answer).job;
      expect(answer.headers['location']).toBe(`${JOBS}/${id}`);
      expect(answer.body).toMatchObject({
        job: { operation: 'upgrade', tenant_id: null, tenant_plane_id: one.planeId },
        tenant_plane: { id: one.planeId, version: OLD, release: OLD },
      });
      await isTold(one, OLD, NEW);
      await waitsFor(id, `it to report version ${NEW}`);
      // The old process is still reporting.
      await planes.reports(one, OLD);
      await planes.reports(one, NEW, { health: {} });
      await waitsFor(id, 'it to report that it is healthy');
      await planes.reports(one, NEW, { revision: 'another-epoch.1' });
      await waitsFor(id, 'it to apply its desired state');
      expect(await stepsOf(id)).toEqual(['replace-plane done', 'await-healthy waiting']);
      await planes.reports(one, NEW);
      await scene.reaches(id, 'succeeded');
      expect(await shown(one)).toMatchObject({ version: NEW, release: NEW });
      expect(refusal(await ask(one.planeId))).toEqual([409, 'already_up_to_date']);
    });

    it('redirects users of former homes to the address of the new version', async () => {
      const former = await formerHome(plane, one.tenantId);
      const address = 'https://new-version.example.com';
      planes.addresses.set(one.planeId, address);
      const id = await upgrade(one);
      await waitsFor(id, `it to report version ${NEW}`);
      await former.pull();
      expect(former.tenants.get(one.tenantId)).toMatchObject({ phase: 'retired', moved_to: address });
      await planes.reports(one, NEW);
      await scene.reaches(id, 'succeeded');
    });

    // Runs on Postgres only, because SQLite serialises writers.
    (driver === 'postgres' ? it : it.skip)(
      'does not lock the plane while waiting to record its new address',
      async () => {
        planes.addresses.set(one.planeId, 'https://new-version.example.com');
        const id = await besideHeldTenant(plane, one, () => upgrade(one));
        await waitsFor(id, `it to report version ${NEW}`);
        await planes.reports(one, NEW);
        await scene.reaches(id, 'succeeded');
      },
    );

    /** Keeps the new version unhealthy until the plane is back on the old version. */
    const goesBack = async (id: string): Promise<void> => {
      await waitsFor(id, `it to report version ${NEW}`);
      plane.clock.advance(HEALTHY_SECONDS);
      await sweptUntil(id, 'waiting');
      await isTold(one, OLD, NEW, OLD);
      // The last report of the old process does not mean that the plane is back.
      await waitsFor(id, 'plane_not_back');
      await planes.reports(one, OLD);
      await scene.reaches(id, 'cancelled');
    };

    it('rolls back automatically when the plane stays unhealthy, and says why', async () => {
      const id = await upgrade(one);
      await goesBack(id);
      const { error } = await scene.job(id);
      expect(error).toMatchObject({
        code: 'upgrade_unhealthy',
        detail: expect.stringContaining(`back to ${OLD}`),
      });
      expect(await stepsOf(id)).toEqual(['replace-plane undone', 'await-healthy undone']);
      expect(await shown(one)).toMatchObject({ version: OLD, release: OLD });
    });

    it('rolls back even if a clock has stepped back since the request', async () => {
      const stepped = scene.before('replace-plane', async () => plane.clock.advance(-1));
      const id = await upgrade(one);
      await stepped;
      await goesBack(id);
      expect(await shown(one)).toMatchObject({ version: OLD, release: OLD });
    });

    it('accepts reports from the new process even if a clock has stepped back', async () => {
      const id = await upgrade(one);
      await waitsFor(id, `it to report version ${NEW}`);
      plane.clock.advance(-10);
      await planes.reports(one, NEW);
      await scene.reaches(id, 'succeeded');
    });

    it('changes nothing if the release does not exist', async () => {
      planes.missing.add('0.0.6');
      const id = await upgrade(one, '0.0.6');
      await scene.reaches(id, 'cancelled');
      expect((await scene.job(id)).error).toMatchObject({ code: 'release_missing' });
      expect(planes.told.get(one.planeId)).toEqual([OLD]);
    });

    it('is rolled back when cancelled', async () => {
      const id = await upgrade(one);
      await waitsFor(id, `it to report version ${NEW}`);
      await scene.act(id, 'cancel').expect(202);
      await isTold(one, OLD, NEW, OLD);
      await planes.reports(one, OLD);
      await scene.reaches(id, 'cancelled');
      expect(refusal(await ask(one.planeId, { version: OLD }))).toEqual([409, 'already_up_to_date']);
    });

    it('can be retried with the full timeout after a rollback', async () => {
      const id = await upgrade(one);
      await waitsFor(id, `it to report version ${NEW}`);
      await scene.act(id, 'cancel').expect(202);
      await isTold(one, OLD, NEW, OLD);
      await planes.reports(one, OLD);
      await scene.reaches(id, 'cancelled');
      plane.clock.advance(10 * HEALTHY_SECONDS);
      await scene.act(id, 'retry').expect(202);
      await isTold(one, OLD, NEW, OLD, NEW);
      await planes.reports(one, NEW);
      await scene.reaches(id, 'succeeded');
    });

    it('is refused while another operation runs on the tenant or the plane', async () => {
      const move = await plane
        .post(`/api/tenants/${one.tenantId}/move`, { deployment_model: 'shared' })
        .expect(202);
      expect(refusal(await ask(one.planeId))).toEqual([409, 'operation_in_progress']);
      await scene.act(move.body.job.id, 'cancel').expect(202);
      await scene.reaches(move.body.job.id, 'cancelled');
      const id = await upgrade(one);
      expect(refusal(await ask(one.planeId, { version: OWN }))).toEqual([409, 'operation_in_progress']);
      const rotation = plane.post(`/api/tenant-planes/${one.planeId}/rotate-secret`, { mode: 'routine' });
      expect(refusal(await rotation)).toEqual([409, 'operation_in_progress']);
      await waitsFor(id, `it to report version ${NEW}`);
    });

    it('starts the plane with its current secret and, unless leaked, its enrolment secret', async () => {
      const first = one.simulator.secret;
      const rotated = async (mode: string) =>
        bodyOf<Accepted & { readonly install?: Install }>(
          await plane.post(`/api/tenant-planes/${one.planeId}/rotate-secret`, { mode }).expect(202),
        );
      const upgraded = async (simulator: PlaneSimulator, version: string) => {
        const id = await upgrade(one, version);
        await waitsFor(id, `it to report version ${version}`);
        await planes.reports({ ...one, simulator }, version);
        await scene.reaches(id, 'succeeded');
        return planes.env.get(one.planeId);
      };

      const { job } = await rotated('routine');
      await scene.reaches(job.id, 'waiting');
      const { config } = bodyOf<DesiredState>(await one.simulator.pull(10));
      const next = (await openNextSecret(config.next_secret ?? '', [first])).reveal();
      const follower = one.simulator.copy({ secret: next });
      await follower.report();
      plane.clock.advance(QUIET_SECONDS);
      await follower.report();
      await sweptUntil(job.id, 'succeeded');
      const secrets = { INTERNAL_SERVICE_SECRET: next, INTERNAL_SERVICE_SECRET_PREVIOUS: first };
      expect(await upgraded(follower, NEW)).toMatchObject(secrets);

      const { job: renewal, install } = await rotated('compromised');
      const renewed = new PlaneSimulator(plane.url, plane.clock, one.planeId, install as Install);
      await renewed.enrol({ version: NEW });
      await scene.reaches(renewal.id, 'succeeded');
      const env = await upgraded(renewed, OLD);
      expect(env).toMatchObject({ INTERNAL_SERVICE_SECRET: renewed.secret });
      expect(env).not.toHaveProperty('INTERNAL_SERVICE_SECRET_PREVIOUS');
    });

    const move = () => plane.post(`/api/tenants/${one.tenantId}/move`, { deployment_model: 'shared' });

    it("cannot run at the same time as a move of the plane's tenant, even if either is retried", async () => {
      const id = await upgrade(one);
      await waitsFor(id, `it to report version ${NEW}`);
      expect(refusal(await move())).toEqual([409, 'operation_in_progress']);
      await scene.act(id, 'cancel').expect(202);
      await isTold(one, OLD, NEW, OLD);
      await planes.reports(one, OLD);
      await scene.reaches(id, 'cancelled');
      const moving = (await move().expect(202)).body.job.id;
      for (const action of ['retry', 'rollback'] as const)
        expect(refusal(await scene.act(id, action))).toEqual([409, 'operation_in_progress']);
      await scene.act(moving, 'cancel').expect(202);
      await scene.reaches(moving, 'cancelled');
      await scene.act(id, 'retry').expect(202);
      expect(refusal(await scene.act(moving, 'retry'))).toEqual([409, 'operation_in_progress']);
    });

    it("is never accepted together with a concurrent move of the plane's tenant", async () => {
      await using held = await HeldRow.hold(plane, TenantPlane, one.planeId);
      const answers = [ask(one.planeId, { version: NEW }).then(), move().then()];
      await held.untilWaiting(2);
      await held.release();
      const statuses = (await Promise.all(answers)).map(({ status }) => status);
      expect(statuses.sort()).toEqual([202, 409]);
    });

    it("changes nothing when retried or rolled back after the plane's tenant has moved away", async () => {
      const id = await upgrade(one);
      await waitsFor(id, `it to report version ${NEW}`);
      await plane.change(ProvisioningJob, { id }, { status: 'failed', leaseOwner: null });
      await plane.change(TenantPlane, { id: one.planeId }, { placed: 0 });
      await plane.change(Placement, { tenantPlaneId: one.planeId }, { phase: 'retired', holdsPlace: false });
      await scene.act(id, 'rollback').expect(202);
      await scene.reaches(id, 'cancelled');
      await scene.act(id, 'retry').expect(202);
      await scene.reaches(id, 'cancelled');
      expect((await scene.job(id)).error).toMatchObject({ code: 'tenant_plane_left' });
      expect(planes.told.get(one.planeId)).toEqual([OLD, NEW]);
    });

    it('is cancelled permanently when the plane is removed', async () => {
      const id = await upgrade(one);
      await waitsFor(id, `it to report version ${NEW}`);
      const [tenant] = await plane.rows(Tenant, { id: one.tenantId });
      const [row] = await plane.rows(TenantPlane, { id: one.planeId });
      const write: FencedWrite = (work) => plane.app.get(Database).write(work);
      await plane.app.get(Infrastructures).destroyPlane(tenant as Tenant, row as TenantPlane, write);
      expect(await scene.job(id)).toMatchObject({ status: 'cancelled', error: { code: 'superseded' } });
      const retired = scene.before('await-healthy', () =>
        plane.change(TenantPlane, { id: one.planeId }, { status: 'retired' }),
      );
      await scene.act(id, 'retry').expect(202);
      await retired;
      // A removed plane is not created again.
      await scene.reaches(id, 'cancelled');
      expect((await scene.job(id)).error).toMatchObject({ code: 'tenant_plane_gone' });
      expect(refusal(await scene.act(id, 'retry'))).toEqual([409, 'invalid_transition']);
      expect(planes.told.get(one.planeId)).toEqual([OLD, NEW]);
    });

    it('is planned in a dry run, audited, and started only once if the request is repeated', async () => {
      const jobs = await plane.count(ProvisioningJob);
      const { plan } = (await ask(one.planeId, {}, '?dry_run=true').expect(409)).body;
      expect(plan).toBeUndefined();
      const dry = await ask(one.planeId, { version: NEW }, '?dry_run=true').expect(200);
      expect(dry.body.plan).toMatchObject({
        from: OLD,
        to: NEW,
        install_required: false,
        steps: [{ name: 'replace-plane' }, { name: 'await-healthy' }],
      });
      expect(await plane.count(ProvisioningJob)).toBe(jobs);
      const headers = { 'idempotency-key': `upgrade-${one.planeId}` };
      const path = `/api/tenant-planes/${one.planeId}/upgrade`;
      const answers = await Promise.all([1, 2].map(() => plane.post(path, { version: NEW }, { headers })));
      expect(new Set(answers.map(({ status, text }) => `${status} ${text}`)).size).toBe(1);
      expect(
        await plane.rows(AuditEvent, { action: 'tenant_plane.upgrade', targetId: one.planeId }),
      ).toMatchObject([{ before: { version: OLD }, after: { version: NEW } }]);
    });
  });

  describe('without a driver', () => {
    it('waits until the plane reports the new version, and says who must replace the plane', async () => {
      const cell = await plane.enrolledCell();
      const { job } = bodyOf<Accepted>(await ask(cell.id, { version: NEW }).expect(202));
      await waitsFor(job.id, 'an Atlas operator to replace the tenant plane');
      plane.clock.advance(24 * 3600);
      await cell.report([], { version: NEW, health: { status: 'ok' } });
      await scene.reaches(job.id, 'succeeded');
    });

    it('waits for the customer if the customer runs the plane', async () => {
      const { body } = await plane.provision({ deployment_model: 'on_prem' }).expect(202);
      const [{ id } = { id: '' }] = (await fleet('?deployment_model=on_prem')).slice(-1);
      await plane.change(TenantPlane, { id }, { status: 'enrolled', version: OLD });
      expect(refusal(await ask(id))).toEqual([409, 'operation_in_progress']);
      await scene.act(body.job.id, 'cancel').expect(202);
      const { job } = bodyOf<Accepted>(await ask(id).expect(202));
      await waitsFor(job.id, 'the customer to replace the tenant plane');
    });
  });

  it.each([
    ['1.0.0', 'major version 1'],
    ['0.1.1', 'newer than the Control Plane (0.1.0)'],
    ['0.2.0', 'upgrade the Control Plane first'],
  ])('to %s is refused: %s', async (version, why) => {
    const refused = await ask(scene.cell.id, { version });
    expect(refusal(refused)).toEqual([422, 'version_unsupported']);
    expect(refused.body.detail).toContain(why);
    expect(refusal(await plane.post('/api/tenant-planes/upgrades', { version }))).toEqual([
      422,
      'version_unsupported',
    ]);
  });

  it('is refused without permission, and for unknown or unsuitable planes and versions', async () => {
    const path = `/api/tenant-planes/${scene.cell.id}/upgrade`;
    expect(refusal(await plane.post(path, {}, { token: readOnly }))).toEqual([403, 'forbidden']);
    expect(refusal(await ask(NOBODY))).toEqual([404, 'not_found']);
    for (const version of ['latest', '1.0', '0.1.0-/../../x', 'v0.1.0'])
      expect(refusal(await ask(scene.cell.id, { version }))).toEqual([400, 'validation_failed']);
    expect(refusal(await ask((await plane.registerCell()).id))).toEqual([409, 'invalid_transition']);
    const airGapped = await plane.enrolledCell();
    await plane.change(TenantPlane, { id: airGapped.id }, { capabilities: ['offline'] });
    expect(refusal(await ask(airGapped.id))).toEqual([422, 'tenant_plane_air_gapped']);
  });

  describe('in a wave', () => {
    const region = 'wave';
    let all: Driven[];
    const wave = (body: object = {}, query = '') =>
      plane.post(`/api/tenant-planes/upgrades${query}`, { version: NEW, region, batch_size: 2, ...body });
    const begin = async (body: object = {}): Promise<string> =>
      bodyOf<Accepted>(await wave(body).expect(202)).job.id;
    const parts = async (id: string): Promise<(string | null)[]> =>
      (await plane.rows(ProvisioningJob, { parentId: id })).map((job) => job.tenantPlaneId);
    /** Waits until the driver has been asked to run the new version, then reports the plane as healthy. */
    const getsWell = async (index: number): Promise<void> => {
      const one = all[index] as Driven;
      await eventually(() => planes.told.get(one.planeId)?.at(-1) === NEW, { what: `${one.name} is told` });
      await planes.reports(one, NEW);
    };
    const getsStuck = async (index: number, back: object = {}): Promise<void> => {
      const one = all[index] as Driven;
      await eventually(() => planes.told.get(one.planeId)?.at(-1) === NEW, { what: `${one.name} is told` });
      const job = await eventually(async () =>
        (await plane.rows(ProvisioningJob, { tenantPlaneId: one.planeId, status: 'waiting' })).at(0),
      );
      plane.clock.advance(HEALTHY_SECONDS);
      await sweptUntil(job.id, 'waiting');
      await eventually(
        async () => {
          await plane.sweep();
          return planes.told.get(one.planeId)?.at(-1) === OLD;
        },
        { what: `${one.name} is rolled back` },
      );
      await planes.reports(one, OLD, back);
      await scene.reaches(job.id, 'cancelled');
    };
    beforeAll(async () => {
      all = [];
      for (const slug of ['w-one', 'w-two', 'w-three', 'w-four'])
        all.push(await planes.provision(OLD, { slug, region }));
    });
    beforeEach(async () => {
      for (const one of all) {
        planes.told.set(one.planeId, [OLD]);
        await planes.reports(one, OLD);
        await plane.change(TenantPlane, { id: one.planeId }, { release: OLD });
      }
    });
    afterEach(async () => {
      for (const job of await plane.rows(ProvisioningJob, { operation: 'upgrade_wave' }))
        if (job.status === 'waiting') await scene.act(job.id, 'cancel');
      // A running attempt would overwrite the status.
      await plane.app.get(Attempts).idle();
      for (const { planeId } of all)
        await plane.change(
          ProvisioningJob,
          { tenantPlaneId: planeId, operation: 'upgrade' },
          { status: 'succeeded' },
        );
    });

    it('upgrades one plane, then the rest in batches, each once the previous one is healthy', async () => {
      const id = await begin();
      expect(refusal(await wave())).toEqual([409, 'operation_in_progress']);
      await waitsFor(id, `${all[0]?.name} (0 of 4 are upgraded)`);
      expect(await parts(id)).toEqual([all[0]?.planeId]);
      await getsWell(0);
      await waitsFor(id, '(1 of 4 are upgraded)');
      expect((await parts(id)).sort()).toEqual(all.slice(0, 3).map(({ planeId }) => planeId));
      await getsWell(1);
      expect(planes.told.get(all[3]?.planeId ?? '')).toEqual([OLD]);
      await getsWell(2);
      await getsWell(3);
      await scene.reaches(id, 'succeeded');
      const list = await plane.get(`${JOBS}?parent_id=${id}`).expect(200);
      const ofWave = all.map(() => expect.objectContaining({ operation: 'upgrade', parent_id: id }));
      expect(list.body.items).toEqual(ofWave);
      expect(refusal(await wave())).toEqual([409, 'already_up_to_date']);
      // A wave never downgrades, so it skips planes with the same or a newer version.
      expect(refusal(await wave({ version: OLD }))).toEqual([409, 'already_up_to_date']);
    });

    it('stops if the first plane fails, names that plane, and resumes with it when retried', async () => {
      const id = await begin();
      await getsStuck(0);
      await sweptUntil(id, 'failed');
      expect((await scene.job(id)).error).toMatchObject({
        code: 'wave_stopped',
        detail: expect.stringMatching(new RegExp(`${all[0]?.name} \\(upgrade_unhealthy\\)`)),
      });
      for (const { planeId } of all) expect(planes.told.get(planeId)?.at(-1)).toBe(OLD);
      await scene.act(id, 'retry').expect(202);
      for (const index of [0, 1, 2, 3]) await getsWell(index);
      await scene.reaches(id, 'succeeded');
    });

    it('tries the first plane once per attempt, even if a clock steps back in between', async () => {
      const missing = '0.0.5';
      planes.missing.add(missing);
      for (const { planeId } of all) await plane.change(TenantPlane, { id: planeId }, { version: '0.0.4' });
      const id = await begin({ version: missing });
      await scene.reaches(id, 'failed');
      plane.clock.advance(10);
      const stepped = scene.before('replace-plane', async () => plane.clock.advance(-5));
      await scene.act(id, 'retry').expect(202);
      await stepped;
      await scene.reaches(id, 'failed');
      expect((await scene.job(id)).error).toMatchObject({ code: 'wave_stopped' });
      expect(await parts(id)).toEqual([all[0]?.planeId, all[0]?.planeId]);
    });

    it('stops at a plane that reports failing with its new version, and says why', async () => {
      const checks = [{ name: 'database', status: 'failing', detail: 'No response within 3 s' }];
      const id = await begin();
      const one = all[0] as Driven;
      await eventually(() => planes.told.get(one.planeId)?.at(-1) === NEW, { what: 'it is told' });
      await planes.reports(one, NEW, { health: { status: 'failing', checks } });
      const [job] = await plane.rows(ProvisioningJob, { parentId: id });
      await waitsFor(job?.id ?? '', 'it reports database failing (No response within 3 s)');
      await getsStuck(0, { health: { status: 'failing', checks } });
      await sweptUntil(id, 'failed');
      expect((await scene.job(id)).error).toMatchObject({ code: 'wave_stopped' });
      for (const { planeId } of all) expect(planes.told.get(planeId)?.at(-1)).toBe(OLD);
    });

    it('continues past a plane that is degraded but not failing', async () => {
      const id = await begin();
      const one = all[0] as Driven;
      await eventually(() => planes.told.get(one.planeId)?.at(-1) === NEW, { what: 'it is told' });
      await planes.reports(one, NEW, { health: { status: 'degraded', checks: [] } });
      for (const index of [1, 2, 3]) await getsWell(index);
      await scene.reaches(id, 'succeeded');
    });

    it('stops after a batch with a failure and, when retried, skips planes that are up to date', async () => {
      const id = await begin();
      await getsWell(0);
      await getsWell(1);
      await getsStuck(2);
      await sweptUntil(id, 'failed');
      expect((await scene.job(id)).error?.detail).toContain('upgraded: 2');
      expect(planes.told.get(all[3]?.planeId ?? '')).toEqual([OLD]);
      await scene.act(id, 'retry').expect(202);
      await getsWell(2);
      await getsWell(3);
      await scene.reaches(id, 'succeeded');
      expect(planes.told.get(all[0]?.planeId ?? '')).toEqual([OLD, NEW]);
    });

    it('skips a plane that an operator has downgraded since its upgrade', async () => {
      const id = await begin();
      await getsWell(0);
      await waitsFor(id, '(1 of 4 are upgraded)');
      const one = all[0] as Driven;
      const back = await upgrade(one, OLD);
      await isTold(one, OLD, NEW, OLD);
      await planes.reports(one, OLD);
      await scene.reaches(back, 'succeeded');
      for (const index of [1, 2, 3]) await getsWell(index);
      await scene.reaches(id, 'succeeded');
      expect((await parts(id)).sort()).toEqual(all.map(({ planeId }) => planeId));
      expect(await shown(one)).toMatchObject({ version: OLD, release: OLD });
    });

    it('continues as long as the number of failed planes is within the limit', async () => {
      const id = await begin({ max_failures: 1 });
      await getsWell(0);
      await getsWell(1);
      await getsStuck(2);
      await getsWell(3);
      await scene.reaches(id, 'succeeded');
      expect((await plane.get(`${JOBS}/${id}`)).body.steps[1].outputs).toEqual({ upgraded: 3, failed: 1 });
    });

    it('postpones a plane that is busy with another operation', async () => {
      const busy = await upgrade(all[1] as Driven, '0.0.7');
      await waitsFor(busy, 'it to report version 0.0.7');
      const id = await begin({ batch_size: 50 });
      for (const index of [0, 2, 3]) await getsWell(index);
      await waitsFor(id, 'other jobs on the remaining planes to finish (3 of 4 are upgraded)');
      await planes.reports(all[1] as Driven, '0.0.7');
      await scene.reaches(busy, 'succeeded');
      plane.clock.advance(60);
      await plane.sweep();
      await getsWell(1);
      await scene.reaches(id, 'succeeded');
    });

    it('plans its batches in a dry run, which changes nothing', async () => {
      const before = await plane.count(ProvisioningJob);
      const { plan } = (await wave({}, '?dry_run=true').expect(200)).body;
      const names = (plan.waves as { name: string }[][]).map((batch) => batch.map(({ name }) => name));
      expect(names).toEqual([[all[0]?.name], [all[1]?.name, all[2]?.name], [all[3]?.name]]);
      expect(plan).toMatchObject({
        to: NEW,
        total: 4,
        steps: [{ name: 'upgrade-canary' }, { name: 'upgrade-batches' }],
      });
      expect(await plane.count(ProvisioningJob)).toBe(before);
      expect(refusal(await wave({ region: 'nowhere' }))).toEqual([409, 'already_up_to_date']);
      expect(refusal(await wave({ deployment_model: 'shared' }))).toEqual([400, 'validation_failed']);
    });
  });

  describe('the list of planes', () => {
    it('is paged, and can be filtered by version, health, model and status', async () => {
      const cell = await plane.enrolledCell({ region: 'fleet' });
      await cell.report([], { version: '1.0.0' });
      // An unsupported plane keeps serving and reporting. Only a new enrolment would be refused.
      expect(await fleet('?version=1.0.0')).toMatchObject([
        { id: cell.id, version_class: 'unsupported', version_is_newer: true, health: 'online' },
      ]);
      plane.clock.advance(76);
      await scene.cell.report([], { version: OWN });
      const [online, offline, unknown] = [
        await fleet('?health=online'),
        await fleet('?health=offline'),
        await fleet('?health=unknown'),
      ];
      expect(online).toMatchObject([
        { id: scene.cell.id, version_class: 'current', version_is_newer: false },
      ]);
      expect(offline.map(({ id }) => id)).toContain(cell.id);
      const every = await fleet();
      expect(online.length + offline.length + unknown.length).toBe(every.length);
      for (const [what, some] of [
        ['online', online],
        ['offline', offline],
        ['unknown', unknown],
      ] as const)
        expect(some.every(({ health }) => health === what)).toBe(true);
      const dedicated = await fleet('?deployment_model=dedicated&status=enrolled');
      expect(dedicated.every(({ version_class: kind }) => kind === 'behind')).toBe(true);
      expect((await fleet('?status=retired')).every(({ health }) => health === 'unknown')).toBe(true);

      const seen: string[] = [];
      let cursor: string | null = null;
      do {
        const { body }: { body: { items: PlaneView[]; next_cursor: string | null } } = await plane
          .get(`/api/tenant-planes?limit=2${cursor ? `&cursor=${cursor}` : ''}`)
          .expect(200);
        seen.push(...body.items.map(({ id }) => id));
        cursor = body.next_cursor;
      } while (cursor);
      expect(seen).toEqual(every.map(({ id }) => id));
    });
  });
});
