import { DomainError } from './errors';

/** Of the connection, by Node; of Postgres, as SQLSTATE: class 08 and those of a server that ends, starts or is full. */
const CODES = /^(ECONNREFUSED|ECONNRESET|EPIPE|ETIMEDOUT|ENOTFOUND|EAI_AGAIN|08...|57P0[1-3]|53300)$/;
/** What node-postgres says, which has no code; and a server whose database is closed, whose code says much else, too. */
const MESSAGES =
  /^(timeout exceeded when trying to connect|Connection terminated|Client has encountered a connection error|database "[^"]+" is not currently accepting connections)/;

/** The plane's database is away or overloaded; whoever asks later is served. */
export function isDatabaseOutage(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const { driverError = error } = error as { driverError?: Error };
  const { code, message } = driverError as Error & { code?: string };
  return CODES.test(code ?? '') || MESSAGES.test(message);
}

export function databaseUnavailable(): DomainError {
  const detail =
    'The database cannot be reached at the moment. Ask again in a few seconds, with the same Idempotency-Key where you sent one.';
  return new DomainError('database_unavailable', 'unavailable', detail, {}, { 'retry-after': '5' });
}
