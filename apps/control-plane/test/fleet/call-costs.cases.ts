import { Database } from '@atlas/persistence';
import { currentContext } from '@atlas/platform';
import { statementsDuring } from '@atlas/testing';
import { JobScene } from '../job-scene.fixture';

/**
 * How many statements the frequent calls send, besides BEGIN and COMMIT. Statements are most of what a call
 * costs. Unlike times, their number is the same on every machine, so it fails with the first one too many. If
 * you have made a call cheaper, lower its number.
 */
const STATEMENTS = {
  'accept a shared tenant': 14,
  'take a report that makes a tenant active': 15,
  'take a heartbeat': 6,
  'answer a poll without news': 2,
  'answer a poll with a new tenant': 4,
  'list 50 tenants': 2,
  'show a tenant': 2,
  'show a job': 3,
};

describe('the number of statements that it takes on postgres to', () => {
  let scene: JobScene;
  beforeAll(async () => {
    scene = await JobScene.set('postgres');
    // The first use of a plane or an API key is recorded.
    const { id } = await scene.waiting();
    await scene.report(id, 'applied');
  });
  afterAll(() => scene.plane.close());

  const costOf = async (work: () => Promise<unknown>): Promise<number> => {
    // Those of a call, and those of the job that it carries.
    const counts = () => currentContext()?.ip !== undefined || currentContext()?.jobId !== undefined;
    const { dataSource } = scene.plane.app.get(Database);
    return (await statementsDuring(dataSource, work, counts)).length;
  };
  const CALLS: Readonly<Record<keyof typeof STATEMENTS, () => Promise<number>>> = {
    'accept a shared tenant': () => costOf(() => scene.plane.provision().expect(202)),
    async 'take a report that makes a tenant active'() {
      const { id, job } = await scene.waiting();
      const cost = await costOf(() => scene.report(id, 'applied'));
      await scene.reaches(job, 'succeeded');
      return cost;
    },
    'take a heartbeat': () => costOf(() => scene.cell.report()),
    async 'answer a poll without news'() {
      await scene.cell.pull();
      return costOf(() => scene.cell.pull());
    },
    async 'answer a poll with a new tenant'() {
      await scene.cell.pull();
      await scene.plane.provision().expect(202);
      return costOf(() => scene.cell.pull());
    },
    'list 50 tenants': () => costOf(() => scene.plane.get('/api/tenants').expect(200)),
    async 'show a tenant'() {
      const { id } = await scene.waiting();
      return costOf(() => scene.tenant(id));
    },
    async 'show a job'() {
      const { job } = await scene.waiting();
      return costOf(() => scene.job(job));
    },
  };

  it.each(Object.entries(STATEMENTS))('%s', async (call, statements) => {
    expect(await CALLS[call as keyof typeof STATEMENTS]()).toBe(statements);
  });
});
