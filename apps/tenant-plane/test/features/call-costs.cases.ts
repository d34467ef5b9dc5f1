import { Database } from '@atlas/persistence';
import { currentContext } from '@atlas/platform';
import { statementsDuring } from '@atlas/testing';
import { type CallOptions, TestTenantPlane, tenantEntry } from '../tenant-plane.fixture';
import { AlertSender } from './alert-sender.fixture';

/**
 * How many statements the frequent calls send, besides BEGIN and COMMIT. Statements are most of what a call
 * costs. Unlike times, their number is the same on every machine, so it fails with the first one too many. If
 * you have made a call cheaper, lower its number.
 */
const STATEMENTS = {
  'list 50 incidents': 3,
  'create an incident': 12,
  'show an incident': 3,
  'receive 20 known alerts': 5,
  'receive 20 new alerts of one group': 17,
  'apply a new tenant': 4,
};

describe('the number of statements that it takes on postgres to', () => {
  let plane: TestTenantPlane;
  let admin: CallOptions;
  let sender: AlertSender;
  beforeAll(async () => {
    plane = await TestTenantPlane.boot('postgres');
    ({ admin } = await plane.tenantWithAdmin('acme'));
    sender = await AlertSender.create(plane, admin);
    // The first use of a session or of a data source is recorded.
    await plane.get('/api/incidents', admin).expect(200);
    await sender.receipt({ name: 'First' });
  });
  afterAll(() => plane.close());

  const costOf = async (
    work: () => Promise<unknown>,
    counts = () => currentContext()?.ip !== undefined,
  ): Promise<number> => (await statementsDuring(plane.app.get(Database).dataSource, work, counts)).length;
  const incident = async (): Promise<string> =>
    (await plane.post('/api/incidents', { title: 'Slow', severity: 'P3' }, admin).expect(201)).body.id;
  const alerts = (name: string) =>
    Array.from({ length: 20 }, (_, n) => ({ name, labels: { host: `h${n}` } }));

  const CALLS: Readonly<Record<keyof typeof STATEMENTS, () => Promise<number>>> = {
    'list 50 incidents': () => costOf(() => plane.get('/api/incidents', admin).expect(200)),
    'create an incident': () => costOf(incident),
    async 'show an incident'() {
      const id = await incident();
      return costOf(() => plane.get(`/api/incidents/${id}`, admin).expect(200));
    },
    async 'receive 20 known alerts'() {
      await sender.receipt(...alerts('Known'));
      return costOf(() => sender.receipt(...alerts('Known')));
    },
    'receive 20 new alerts of one group': () => costOf(() => sender.receipt(...alerts('New'))),
    'apply a new tenant': () =>
      costOf(
        () => plane.apply({ tenants: [tenantEntry('newcomer')] }),
        () => true,
      ),
  };

  it.each(Object.entries(STATEMENTS))('%s', async (call, statements) => {
    expect(await CALLS[call as keyof typeof STATEMENTS]()).toBe(statements);
  });
});
