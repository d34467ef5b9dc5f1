import { DomainError } from './errors';

/** SQLSTATE: class 08, and those of a server that ends, starts or is full. */
const STATES = /^(08...|57P0[1-3]|53300)$/;
/** What breaks a connection, by Node. */
const BREAKS = /^(ECONNREFUSED|ECONNRESET|EPIPE|ETIMEDOUT|ENOTFOUND|EAI_AGAIN)$/;
/** What node-postgres says, which has no code; and a server whose database is closed, whose code says much else, too. */
const MESSAGES =
  /^(timeout exceeded when trying to connect|Connection terminated|Client has encountered a connection error|database "[^"]+" is not currently accepting connections)/;

const CONNECTING = ['connect', 'getaddrinfo'];

/** Postgres and SQLite gave up waiting until somebody else had written. */
const BUSY = /^(55P03|SQLITE_BUSY)$/;

interface Failure extends Error {
  readonly code?: string;
  readonly syscall?: string;
  readonly driverError?: Failure;
}

/**
 * The plane's database is away or overloaded; whoever asks later is served. A connection that breaks counts while a
 * statement runs or the connection is made: one of a client that leaves looks the same otherwise.
 */
export function isDatabaseOutage(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const { driverError } = error as Failure;
  const { code = '', syscall = '', message }: Failure = driverError ?? error;
  const isOurs = driverError !== undefined || CONNECTING.includes(syscall);
  return STATES.test(code) || (isOurs && BREAKS.test(code)) || MESSAGES.test(message);
}

/** What is asked for is being changed by others for too long. */
export function isDatabaseBusy(error: unknown): boolean {
  return BUSY.test((error as Partial<Failure> | null)?.driverError?.code ?? '');
}

export function databaseBusy(): DomainError {
  const detail =
    'Others were changing the same for too long. Nothing was done: ask again, with the same Idempotency-Key where you sent one.';
  return new DomainError('database_busy', 'unavailable', detail, {}, { 'retry-after': '1' });
}

export function databaseUnavailable(): DomainError {
  const detail =
    'The database cannot be reached at the moment. Ask again in a few seconds, with the same Idempotency-Key where you sent one.';
  return new DomainError('database_unavailable', 'unavailable', detail, {}, { 'retry-after': '5' });
}
