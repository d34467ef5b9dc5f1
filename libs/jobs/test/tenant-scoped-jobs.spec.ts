import {
  type Database,
  InProcessSignals,
  databaseTarget,
  migrateFirst,
  openDatabase,
} from '@atlas/persistence';
import { SystemClock } from '@atlas/platform';
import { EVERY_DATABASE, createTestDatabase } from '@atlas/testing';
import { uuidv7 } from '@atlas/tenancy';
import {
  AtomicSteps,
  FaultPoints,
  InProcessQueue,
  JobEndings,
  JobHost,
  JobRunner,
  JobWaker,
  Step,
  type StepContext,
  StepContexts,
  type StepResult,
  StepRegistry,
  done,
  newJobRow,
} from '../src';
import { TENANT_JOBS_SCHEMA, TenantJob, TenantJobs } from './tenant-jobs.fixture';

const clock = new SystemClock();

/** Does nothing when a job is settled. */
class QuietHost extends JobHost {
  async settle(): Promise<void> {}
  async redact(_job: unknown, text: string): Promise<string> {
    return text;
  }
}

/** Records how many jobs it can see. */
class CountJobsStep extends Step {
  readonly name = 'count-jobs';
  readonly description = 'Count the visible jobs';
  readonly creates = [];
  async run({ manager }: StepContext): Promise<StepResult> {
    return done({ visible: await manager.count(TenantJob) });
  }
  async undo(): Promise<void> {}
}

describe.each(EVERY_DATABASE)('jobs in a tenant-scoped table on %s', (driver) => {
  let database: Database;
  let jobs: TenantJobs;
  let runner: JobRunner;
  const tenantIds = driver === 'sqlite' ? [uuidv7()] : [uuidv7(), uuidv7()];

  beforeAll(async () => {
    const { url, ownerUrl } = await createTestDatabase(driver);
    const options = {
      target: databaseTarget(url),
      migrationTarget: ownerUrl === undefined ? undefined : databaseTarget(ownerUrl),
      schema: TENANT_JOBS_SCHEMA,
    };
    await migrateFirst(options);
    database = await openDatabase(options);
    jobs = new TenantJobs(database, new InProcessSignals(database), clock);
    const steps = new StepRegistry();
    steps.register(new CountJobsStep());
    const waker = new JobWaker(TenantJob, database, new InProcessQueue(database));
    const [host, faults] = [new QuietHost(), new FaultPoints()];
    const contexts = new StepContexts(jobs, host, clock);
    const atomic = new AtomicSteps(jobs, steps, host, faults, contexts, clock);
    const endings = new JobEndings(jobs, host, waker);
    runner = new JobRunner(database, jobs, steps, host, faults, atomic, contexts, endings, clock);
  });
  afterAll(() => database.close());

  const insert = async (tenantId: string): Promise<string> => {
    const now = new Date(clock.now().getTime() - 60_000);
    const job = { ...newJobRow({ operation: 'count', steps: ['count-jobs'] }, now), tenantId };
    await database.writeAs(tenantId, async (manager) => {
      await jobs.insert(manager, job);
      await manager.update(TenantJob, { id: job.id }, { dueAt: now });
    });
    return job.id;
  };
  const find = (tenantId: string, id: string) =>
    database.readAs(tenantId, (manager) => manager.findOneByOrFail(TenantJob, { id }));

  it('are found when due, and run in the scope of their tenant', async () => {
    const ids = [];
    for (const tenantId of tenantIds) ids.push(await insert(tenantId));
    const seen = await database.read((manager) => manager.count(TenantJob));
    expect(seen).toBe(driver === 'postgres' ? 0 : ids.length);
    expect((await jobs.due(10)).sort()).toEqual([...ids].sort());
    for (const id of ids) await runner.advance(id);
    for (const [index, tenantId] of tenantIds.entries()) {
      const { status, steps } = await find(tenantId, ids[index] ?? '');
      expect([status, steps[0]?.outputs]).toEqual(['succeeded', { visible: 1 }]);
    }
    expect(await jobs.due(10)).toEqual([]);
  });
});
