import { GraphileQueue } from '@atlas/jobs';
import { Secret } from '@atlas/platform';
import { asAdmin, createTestDatabase, eventually, testServerUrl } from '@atlas/testing';
import { DataSource } from 'typeorm';

describe(GraphileQueue.name, () => {
  it('survives a server outage during a task, and continues afterwards', async () => {
    const database = await createTestDatabase('postgres');
    const name = new URL(database.url).pathname.slice(1);
    const onServer = (sql: string) => asAdmin(testServerUrl(), (client) => client.query(sql));
    const queue = new GraphileQueue(new Secret(database.url), new Secret(database.ownerUrl ?? ''));
    const wake = async (id: string) => {
      const dataSource = await new DataSource({ type: 'postgres', url: database.url }).initialize();
      await queue.wake(dataSource.manager, id).finally(() => dataSource.destroy());
    };
    const handled: string[] = [];
    const unheard: unknown[] = [];
    const note = (reason: unknown): number => unheard.push(reason);
    process.on('unhandledRejection', note);
    try {
      await queue.start(async (id) => {
        if (handled.length === 0) {
          await onServer(`alter database ${name} allow_connections false`);
          await onServer(`select pg_terminate_backend(pid) from pg_stat_activity where datname = '${name}'`);
        }
        handled.push(id);
      });
      await wake('first');
      await eventually(() => handled.length === 1, { what: 'the task is handled' });
      await onServer(`alter database ${name} allow_connections true`);
      await eventually(() =>
        wake('second')
          .then(() => true)
          .catch(() => false),
      );
      await eventually(() => handled.includes('second'), {
        timeoutMs: 30_000,
        what: 'the next task is handled',
      });
      expect(unheard).toEqual([]);
    } finally {
      process.off('unhandledRejection', note);
      await queue.stop();
      await database.drop();
    }
  }, 60_000);
});
