import { AT_ONCE, Attempts, JobQueue, JobRunner, Worker } from '@atlas/jobs';
import { Database } from '@atlas/persistence';
import { EVERY_DATABASE, eventually } from '@atlas/testing';
import { In } from 'typeorm';
import { ProvisioningJob } from '../../src/provisioning-jobs/provisioning-job.entity';
import { ProvisioningJobs } from '../../src/provisioning-jobs/provisioning-jobs';
import { TestControlPlane } from '../control-plane.fixture';
import { Gate } from '../held-operator.fixture';
import { JobScene, oneByOne } from '../job-scene.fixture';
import { beside } from '../travel-scene.fixture';

type Held = 'claim' | 'releaseUnlessWoken';

/** These tests neither sweep nor advance the clock, so a job that misses its wake-up never continues. */
describe.each(EVERY_DATABASE)('a wake-up on %s', (driver) => {
  let scene: JobScene;
  beforeAll(async () => (scene = await JobScene.set(driver)));
  const gates: Gate[] = [];
  beforeEach(() => scene.oneByOne());
  afterEach(() => {
    jest.restoreAllMocks();
    // A failed test must not leave anything blocked.
    for (const gate of gates.splice(0)) gate.open();
  });
  afterAll(() => scene.plane.close());

  const part = <T>(type: abstract new (...given: never[]) => T): T => scene.plane.app.get(type);
  /** Blocks the first call to a method, either before it runs or before it returns. */
  const held = (method: Held, when: 'before' | 'after' = 'before') => {
    const [reached, free] = [new Gate(), new Gate()];
    gates.push(free);
    const pass = async (): Promise<void> => {
      reached.open();
      await free.opened;
    };
    const owner: Record<Held, (...given: never[]) => Promise<unknown>> = part(ProvisioningJobs);
    const original = owner[method].bind(owner);
    jest.spyOn(owner, method).mockImplementationOnce(async (...given: never[]) => {
      if (when === 'before') await pass();
      const answer = await original(...given);
      if (when === 'after') await pass();
      return answer;
    });
    return { reached: reached.opened, free: () => free.open() };
  };
  const handled = () => jest.spyOn(part(Attempts), 'begin');
  const ends = (id: string) => scene.reaches(id, 'succeeded');
  const unpulled = async () => {
    const { body } = await scene.plane.provision();
    return { job: body.job.id as string, id: body.tenant.id as string };
  };
  const isPulled = async (id: string): Promise<void> => {
    while (!scene.cell.tenants.has(id)) await scene.cell.pull(10);
  };

  it('is not missed by an attempt that is waiting for a slot', async () => {
    const { job, id } = await scene.waiting();
    const advance = part(JobRunner).advance.bind(part(JobRunner));
    const [busy, free] = [new Set<string>(), new Gate()];
    gates.push(free);
    jest.spyOn(part(JobRunner), 'advance').mockImplementation(async (...given) => {
      if (!given[0].startsWith('busy')) return advance(...given);
      busy.add(given[0]);
      await free.opened;
    });
    for (let n = 0; n < AT_ONCE; n += 1) void part(Attempts).begin(`busy ${n}`);
    await eventually(() => busy.size === AT_ONCE);
    const inLine = part(Attempts).begin(job);
    const begun = handled();
    await scene.report(id, 'applied');
    await eventually(() => begun.mock.calls.length === 1, { what: 'the wake-up has arrived' });
    // The wake-up is handled without waiting for a slot.
    await begun.mock.results[0]?.value;
    free.open();
    await inLine;
    await ends(job);
  });

  it('is not missed by an attempt that has a slot but has not yet claimed the job', async () => {
    const { job, id } = await scene.waiting();
    const claim = held('claim');
    const first = part(Attempts).begin(job);
    await claim.reached;
    await scene.report(id, 'applied');
    await ends(job);
    claim.free();
    await first;
  });

  it('is not missed if it finds the lease held by an attempt that is about to release it', async () => {
    const { job, id } = await unpulled();
    const release = held('releaseUnlessWoken');
    await release.reached;
    await isPulled(id);
    const begun = handled();
    await scene.report(id, 'applied');
    await eventually(() => begun.mock.calls.length === 1, { what: 'the wake-up has arrived' });
    await begun.mock.results[0]?.value;
    release.free();
    await ends(job);
  });

  it('finds the job free if it arrives while the lease is being released', async () => {
    const { job, id } = await scene.waiting();
    const database = part(Database);
    const release = part(ProvisioningJobs).releaseUnlessWoken.bind(part(ProvisioningJobs));
    let reporting: Promise<unknown> = Promise.resolve();
    jest.spyOn(part(ProvisioningJobs), 'releaseUnlessWoken').mockImplementationOnce((...given) =>
      database.write(async () => {
        const isReleased = await release(...given);
        reporting = (await beside(database, () => scene.report(id, 'applied'))).answer;
        return isReleased;
      }),
    );
    await part(Attempts).begin(job);
    await reporting;
    await ends(job);
  });

  it('starts a new attempt once the lease is free, even if the previous one has not returned', async () => {
    const { job, id } = await scene.waiting();
    const release = held('releaseUnlessWoken', 'after');
    const first = part(Attempts).begin(job);
    await release.reached;
    await scene.report(id, 'applied');
    await ends(job);
    release.free();
    await first;
  });

  it('is not missed if it commits only after the lease is released', async () => {
    const { job, id } = await scene.waiting();
    const database = part(Database);
    const looked = held('releaseUnlessWoken');
    const first = part(Attempts).begin(job);
    await looked.reached;
    // The report's transaction has counted the wake-up in the job's row, but has not committed.
    // No wake-up is sent, so only the count can restart the job.
    jest.spyOn(part(JobQueue), 'wake').mockImplementationOnce(async () => {
      await beside(database, async () => {
        looked.free();
        await first;
      });
    });
    await scene.report(id, 'applied');
    await ends(job);
  });
});

/** On Postgres only, because a SQLite file belongs to one process. */
describe('a wake-up received by a Control Plane process', () => {
  let plane: TestControlPlane;
  let second: TestControlPlane;
  let jobs: string[];
  beforeEach(async () => {
    plane = await TestControlPlane.boot('postgres');
    second = await TestControlPlane.open(plane.database, plane.clock);
    await plane.enrolledCell();
    oneByOne(plane);
    jobs = [];
  });
  afterEach(async () => {
    jest.restoreAllMocks();
    await plane.close();
  });

  const provision = async (count: number): Promise<void> => {
    const answers = await Promise.all(Array.from({ length: count }, () => plane.provision()));
    jobs.push(...answers.map(({ body }) => body.job.id));
  };
  /** Waits until every job has received its wake-up and run. */
  const allWait = () =>
    eventually(
      async () => (await plane.count(ProvisioningJob, { id: In(jobs), status: 'waiting' })) === jobs.length,
      {
        what: 'all jobs wait for their cell',
        found: () => plane.describeJobs({ id: In(jobs), status: 'queued' }),
      },
    );

  it('is left to the other processes if the process is shutting down', async () => {
    const begun = jest.spyOn(second.app.get(Attempts), 'begin');
    const [sweeping, free] = [new Gate(), new Gate()];
    jest.spyOn(second.app.get(Worker), 'stopSweeping').mockImplementation(() => {
      sweeping.open();
      return free.opened;
    });
    const closing = second.app.close();
    await sweeping.opened;
    try {
      await provision(30);
      await allWait();
      // Each worker of the queue may already have fetched one more job.
      expect(begun.mock.calls.length).toBeLessThanOrEqual(8);
    } finally {
      free.open();
      await closing;
    }
  });

  it('is handed to the other processes on shutdown if no slot is free', async () => {
    const [begun, free] = [jest.spyOn(second.app.get(Attempts), 'begin'), new Gate()];
    jest.spyOn(second.app.get(JobRunner), 'advance').mockImplementation(() => free.opened);
    for (let n = 0; n < AT_ONCE; n += 1) void second.app.get(Attempts).begin(`busy ${n}`);
    while (begun.mock.calls.length === AT_ONCE) await provision(5);
    const closing = second.app.close();
    try {
      await allWait();
    } finally {
      free.open();
      await closing;
    }
  });
});
