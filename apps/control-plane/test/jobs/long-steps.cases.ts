import { Attempts, LONG_AT_ONCE, Worker } from '@atlas/jobs';
import { EVERY_DATABASE, type DatabaseDriver, eventually } from '@atlas/testing';
import { Infrastructures } from '../../src/infrastructure/infrastructures';
import { ServiceKey } from '../../src/service-keys/service-key.entity';
import { Gate } from '../held-operator.fixture';
import { JobScene, stepOf } from '../job-scene.fixture';
import { Traveller } from '../travel-scene.fixture';

describe.each(EVERY_DATABASE)('a long-running step on %s', (driver) => {
  let scene: JobScene;
  let gate: Gate;
  let begun: number;
  const set = async (given: DatabaseDriver): Promise<void> => {
    scene = await JobScene.set(given);
    [gate, begun] = [new Gate(), 0];
  };
  beforeEach(() => set(driver));
  afterEach(async () => {
    gate.open();
    jest.restoreAllMocks();
    await scene.plane.close();
  });

  const creation = () => jest.spyOn(scene.plane.app.get(Infrastructures), 'create');
  const hangs = async (): Promise<null> => {
    begun += 1;
    await gate.opened;
    return null;
  };
  const dedicated = async (): Promise<string> =>
    (await scene.plane.provision({ deployment_model: 'dedicated' }).expect(202)).body.job.id;
  const areBegun = (count: number): Promise<unknown> =>
    eventually(async () => begun === count, { what: `${count} steps have begun` });
  /** Returns without waiting for the attempts that it starts. */
  const sweep = (): Promise<void> => scene.plane.app.get(Worker).sweep();
  /** Runs a sweep that starts an attempt whose step then hangs. */
  const sweepIntoLongStep = async (): Promise<void> => {
    creation().mockRejectedValueOnce(new Error('terraform: no response')).mockImplementation(hangs);
    await scene.reaches(await dedicated(), 'waiting');
    scene.plane.clock.advance(3);
    await sweep();
    await areBegun(1);
  };

  it('does not prevent the sweep from cancelling an overdue move and resuming writes', async () => {
    const tenant = await Traveller.settle(scene, 'region-9');
    const target = await scene.plane.enrolledCell({ region: 'region-9' });
    const { job } = await tenant.almostMoved(target);
    await sweepIntoLongStep();
    scene.plane.clock.advance(30);
    await sweep();
    await scene.reaches(job, 'cancelled');
    await tenant.cell.pull();
    expect(tenant.cell.tenants.get(tenant.id)?.phase).toBe('serving');
  });

  it('does not prevent the sweep from recording when keys were last used', async () => {
    await sweepIntoLongStep();
    scene.plane.clock.advance(10);
    await scene.cell.pull();
    await sweep();
    const [key] = await scene.plane.rows(ServiceKey, { tenantPlaneId: scene.cell.id });
    expect(key?.lastUsedAt).toEqual(scene.plane.clock.now());
  });

  it('leaves slots for other jobs, however many long steps are queued', async () => {
    creation().mockImplementation(hangs);
    const jobs = [];
    for (let n = 0; n <= LONG_AT_ONCE; n += 1) jobs.push(await dedicated());
    await areBegun(LONG_AT_ONCE);
    await scene.waiting();
    expect(begun).toBe(LONG_AT_ONCE);
    gate.open();
    for (const job of jobs) await scene.reaches(job, 'waiting');
    expect(begun).toBe(LONG_AT_ONCE + 1);
  });

  it('does not start if its job is cancelled while it waits for a slot', async () => {
    creation().mockImplementation(hangs);
    for (let n = 0; n < LONG_AT_ONCE; n += 1) await dedicated();
    await areBegun(LONG_AT_ONCE);
    const last = await dedicated();
    await eventually(
      async () => stepOf(await scene.job(last), 'create-infrastructure')?.status === 'running',
    );
    await scene.act(last, 'cancel').expect(202);
    gate.open();
    await scene.plane.app.get(Attempts).idle();
    expect(begun).toBe(LONG_AT_ONCE);
  });
});
