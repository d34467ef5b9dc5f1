import { type DesiredTransfer, LEVEL_CHANGES } from '@atlas/plane-contract';
import { EVERY_DATABASE, eventually } from '@atlas/testing';
import { nextRun, sayImportedBy, sealedPart, sendPart, takePart } from '../backup-part.fixture';
import { JobScene } from '../job-scene.fixture';
import { type PlaneSimulator } from '../plane-simulator.fixture';
import { Traveller } from '../travel-scene.fixture';

const CATCH_UP_MINUTES = 20;
/** The number of changes in a full part. After a full part, the source always has more to send. */
const MANY = 2000;

describe.each(EVERY_DATABASE)('a move of a tenant whose users keep writing, on %s', (driver) => {
  let scene: JobScene;
  let tenant: Traveller;
  let target: PlaneSimulator;
  let transfer: DesiredTransfer;
  let job: string;
  let attempt: string;
  let importer: string;
  let parts: number;
  let count = 0;
  beforeAll(async () => {
    scene = await JobScene.set(driver, { MOVE_CATCH_UP_MINUTES: String(CATCH_UP_MINUTES) });
  });
  afterAll(() => scene.plane.close());
  beforeEach(async () => {
    const region = `region-${(count += 1)}`;
    tenant = await Traveller.settle(scene, region);
    target = await scene.plane.enrolledCell({ region });
    job = await tenant.asked('move', { deployment_model: 'shared', tenant_plane_id: target.id });
    transfer = await tenant.told((entry) => entry.transfer);
    await tenant.told((entry) => entry.transfer?.role === 'target', target);
    [attempt, importer, parts] = [nextRun(), nextRun(), 0];
    await send('snapshot');
    await takePart(target, transfer.id, importer);
    await imported();
  });

  const send = async (kind: 'snapshot' | 'changes', changes = 0): Promise<void> => {
    const sealed = await sealedPart(transfer, {}, { attempt, kind, part: (parts += 1), changes });
    expect((await sendPart(tenant.cell, transfer.id, sealed, parts)).status).toBe(200);
  };
  /** Reports that everything sent so far has been imported. */
  const imported = () => sayImportedBy(target, transfer.id, importer, parts, attempt);
  const follow = async (changes: number): Promise<void> => {
    await send('changes', changes);
    await imported();
  };
  const pass = (minutes: number) => scene.plane.clock.advance(minutes * 60);
  const waitsFor = (what: string) =>
    eventually(async () =>
      (await scene.job(job)).steps.some(({ name, waiting_for }) =>
        [name, waiting_for].join(': ').startsWith(`await-copy: ${what}`),
      ),
    );
  const stillCatchesUp = async (): Promise<void> => {
    await scene.looksAgain(job);
    await waitsFor('the new tenant plane to catch up');
    await tenant.told(({ phase }) => phase === 'serving');
  };
  const isFrozen = () => tenant.told(({ phase }) => phase === 'frozen');

  it('pauses writes once a part has few changes', async () => {
    await follow(LEVEL_CHANGES);
    await isFrozen();
  });

  it('does not pause writes until a bulk update is over', async () => {
    for (let n = 0; n < 19; n += 1) {
      await follow(MANY);
      await stillCatchesUp();
    }
    await follow(5);
    await isFrozen();
  });

  it('does not pause writes if a bulk update begins after the target has caught up', async () => {
    const begun = scene.before('freeze', () => follow(MANY));
    await follow(1);
    await begun;
    await waitsFor('the new tenant plane to catch up');
    await stillCatchesUp();
    await follow(5);
    await isFrozen();
  });

  it('fails at the time limit if the target does not catch up, and resumes when retried', async () => {
    for (let minute = 0; minute < CATCH_UP_MINUTES; minute += 1) {
      await follow(MANY);
      await stillCatchesUp();
      pass(1);
    }
    await follow(MANY);
    expect(await scene.looksAgain(job)).toMatchObject({
      status: 'failed',
      error: {
        code: 'never_level',
        class: 'operator',
        detail: expect.stringContaining(`within ${CATCH_UP_MINUTES} min (MOVE_CATCH_UP_MINUTES)`),
        fix: expect.stringContaining('pause bulk work'),
      },
    });
    await tenant.isHome();
    await follow(MANY);
    await scene.act(job, 'retry').expect(202);
    await waitsFor('the new tenant plane to catch up');
    pass(CATCH_UP_MINUTES - 1);
    await stillCatchesUp();
    await follow(LEVEL_CHANGES);
    await isFrozen();
  });

  it('counts its catch-up time from the first changes, however long the initial copy took', async () => {
    await waitsFor("the copy of the tenant's rows");
    pass(2 * 24 * 60);
    await follow(MANY);
    // Only the arrival of the part wakes the job.
    await waitsFor('the new tenant plane to catch up');
    pass(CATCH_UP_MINUTES - 1);
    await stillCatchesUp();
    pass(1);
    expect(await scene.looksAgain(job)).toMatchObject({ error: { code: 'never_level' } });
  });

  it.each<[string, () => Promise<void>]>([
    [
      'target',
      async () => {
        importer = nextRun();
        await takePart(target, transfer.id, importer);
      },
    ],
    [
      'source',
      async () => {
        [attempt, parts] = [nextRun(), 0];
        await send('snapshot');
      },
    ],
  ])('restarts its catch-up time when the %s plane starts over', async (_, beginsAnew) => {
    await follow(MANY);
    await waitsFor('the new tenant plane to catch up');
    await beginsAnew();
    pass(CATCH_UP_MINUTES);
    await scene.looksAgain(job);
    await waitsFor("the copy of the tenant's rows");
    await send('changes', MANY);
    await waitsFor('the new tenant plane to catch up');
    pass(CATCH_UP_MINUTES - 1);
    await stillCatchesUp();
  });

  it("fails with an error that includes the target's last error", async () => {
    await follow(MANY);
    await tenant.report({ state: 'retrying', error: 'The disk is full.' }, target);
    pass(CATCH_UP_MINUTES);
    const { error } = await scene.looksAgain(job);
    expect(error).toMatchObject({
      code: 'never_level',
      detail: expect.stringMatching(/The disk is full\.$/),
    });
  });
});
