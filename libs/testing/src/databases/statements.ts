import { type DataSource, type Logger } from 'typeorm';

export interface Statement {
  readonly sql: string;
  readonly parameters: unknown[];
}

/**
 * The statements that a data source sends while `work` runs, in any context that `counts`. BEGIN, COMMIT and
 * what is sent with them are not included.
 */
export async function statementsDuring(
  source: DataSource,
  work: () => Promise<unknown>,
  counts: () => boolean,
): Promise<Statement[]> {
  const statements: Statement[] = [];
  const { logger } = source;
  const logQuery = (sql: string, parameters: unknown[] = []): void => {
    if (counts()) statements.push({ sql, parameters });
  };
  source.logger = Object.assign(Object.create(logger) as Logger, { logQuery });
  try {
    await work();
  } finally {
    source.logger = logger;
  }
  return statements;
}
