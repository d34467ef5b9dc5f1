import { type DataSource, QueryFailedError, type QueryRunner } from 'typeorm';

/**
 * TypeORM calls this with an error if the connection breaks, and without one to return the connection to the
 * pool. TypeORM's types hide this method.
 */
interface Releasing {
  releasePostgresConnection(error?: Error): Promise<void>;
}

const breaks = new WeakMap<QueryRunner, Error>();

/**
 * By default TypeORM releases a runner as soon as its connection breaks, and the next statement fails because
 * the runner is released. Here the runner is not released, and each further statement fails with the error
 * that broke the connection.
 */
export function tellBreaks(dataSource: DataSource): void {
  const create = dataSource.createQueryRunner.bind(dataSource);
  dataSource.createQueryRunner = (mode) => tellingBreaks(create(mode));
}

/**
 * Throws if the connection is broken. node-postgres sends nothing over a broken connection, so the given
 * statement certainly never reaches the server.
 */
export function requireConnection(runner: QueryRunner, sql: string, parameters?: unknown[]): void {
  const reason = breaks.get(runner);
  if (reason) throw new QueryFailedError(sql, parameters, reason);
}

function tellingBreaks(runner: QueryRunner): QueryRunner {
  // This method is private in TypeORM's types.
  const release = (runner as unknown as Releasing).releasePostgresConnection.bind(runner);
  const query = runner.query.bind(runner) as (...call: unknown[]) => Promise<unknown>;
  return Object.assign(runner, {
    releasePostgresConnection: async (error?: Error): Promise<void> => {
      if (!error) return release(breaks.get(runner));
      if (!breaks.has(runner)) breaks.set(runner, error);
    },
    query: async (sql: string, parameters?: unknown[], ...more: unknown[]): Promise<unknown> => {
      requireConnection(runner, sql, parameters);
      return query(sql, parameters, ...more);
    },
  });
}
