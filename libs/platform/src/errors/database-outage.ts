import { DomainError, type ErrorKind } from './errors';

/**
 * SQLSTATE codes of an outage: class 08, and the codes of a server that is stopping, starting or out of
 * connections. Also those of a server that has terminated an idle session or transaction, because this
 * process was paused for too long.
 */
const STATES = /^(08...|57P0[1-35]|25P0[34]|53300)$/;
/** Node's codes for broken or failed connections. */
const BREAKS = /^(ECONNREFUSED|ECONNRESET|EPIPE|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|ENOTFOUND|EAI_AGAIN)$/;
/**
 * The messages of node-postgres errors without a code, and the message of a database that accepts no
 * connections, because its error code has many other meanings.
 */
const MESSAGES = [
  /^timeout exceeded when trying to connect/,
  /^Connection terminated/,
  /^Client has encountered a connection error/,
  /^database "[^"]+" is not currently accepting connections/,
];

const CONNECTING = ['connect', 'getaddrinfo'];

/** SQLSTATE disk_full, and SQLite's equivalent. */
const STORAGE_FULL = /^(53100|SQLITE_FULL)$/;
/**
 * SQLSTATE io_error, and SQLite's codes for a file that it cannot read, write or open, or that is damaged.
 */
const STORAGE_FAILS = /^(58030|SQLITE_(IOERR|READONLY|CANTOPEN|CORRUPT|NOTADB))$/;

/**
 * Postgres or SQLite timed out while waiting for another writer, or Postgres kept aborting the transaction
 * because of deadlocks.
 */
const BUSY = /^(55P03|40P01|SQLITE_BUSY)$/;

interface Failure extends Error {
  readonly code?: string;
  readonly syscall?: string;
  readonly driverError?: Failure;
}

/**
 * A COMMIT was sent, but its response was lost or inconclusive. The unit of work was stored completely or not
 * at all, and only another query can tell which. Repeating the request with the same Idempotency-Key
 * completes it if necessary.
 */
export class CommitOutcomeUnknown extends Error {
  /** `advice` says what the caller should do, if the default advice does not apply. */
  constructor(
    override readonly cause: unknown,
    readonly advice?: string,
  ) {
    super(
      'A COMMIT may or may not have taken effect: ' +
        `${cause instanceof Error ? cause.message : 'no reason given'}`,
    );
    this.name = CommitOutcomeUnknown.name;
  }
}

/**
 * Whether the plane's database is unreachable or overloaded, so that later requests may succeed. A broken
 * connection counts only while connecting or during a statement, because an HTTP client that disconnects
 * causes the same codes.
 */
export function isDatabaseOutage(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const { driverError } = error as Failure;
  const { code = '', syscall = '', message }: Failure = driverError ?? error;
  const isOurs = driverError !== undefined || CONNECTING.includes(syscall);
  return STATES.test(code) || (isOurs && BREAKS.test(code)) || MESSAGES.some((known) => known.test(message));
}

/** Whether the disk of the plane's database is full or failing, so that an operator must act. */
export function isStorageFault(error: unknown): boolean {
  return isStorageFull(error) || STORAGE_FAILS.test(storageCodeOf(error));
}

function isStorageFull(error: unknown): boolean {
  return STORAGE_FULL.test(storageCodeOf(error));
}

function storageCodeOf(error: unknown): string {
  if (error instanceof CommitOutcomeUnknown) return storageCodeOf(error.cause);
  const { code, driverError } = (error ?? {}) as Partial<Failure>;
  return driverError?.code ?? code ?? '';
}

/** Whether other transactions have locked the same rows for too long. */
export function isDatabaseBusy(error: unknown): boolean {
  return BUSY.test((error as Partial<Failure> | null)?.driverError?.code ?? '');
}

interface DatabaseFailure {
  readonly is: (error: unknown) => boolean;
  readonly code: string;
  readonly kind: ErrorKind;
  /** Must not reveal where the database is. */
  readonly reason: string;
  readonly advice: string;
  readonly retryAfterSeconds: number;
}

/** The first match counts. */
const FAILURES: readonly DatabaseFailure[] = [
  {
    is: (error) => error instanceof CommitOutcomeUnknown,
    code: 'commit_outcome_unknown',
    kind: 'unavailable',
    reason: 'The database did not confirm the change. It was stored completely or not at all.',
    advice:
      'Repeat the request with the same Idempotency-Key to complete it and get its response. If you ' +
      'sent no key, first check whether the change was stored.',
    retryAfterSeconds: 5,
  },
  {
    is: isStorageFull,
    code: 'storage_full',
    kind: 'storage_full',
    reason: 'The disk that holds the database is full.',
    advice:
      'Nothing was stored. Once an operator has freed space, repeat the request, with the same ' +
      'Idempotency-Key if you sent one.',
    retryAfterSeconds: 30,
  },
  {
    is: isStorageFault,
    code: 'storage_failing',
    kind: 'unavailable',
    reason: 'The disk that holds the database is failing.',
    advice:
      'Nothing was stored. An operator must check the disk. Repeat the request later, with the same ' +
      'Idempotency-Key if you sent one.',
    retryAfterSeconds: 30,
  },
  {
    is: isDatabaseOutage,
    code: 'database_unavailable',
    kind: 'unavailable',
    reason: 'The database is unreachable at the moment.',
    advice: 'Repeat the request in a few seconds, with the same Idempotency-Key if you sent one.',
    retryAfterSeconds: 5,
  },
  {
    is: isDatabaseBusy,
    code: 'database_busy',
    kind: 'unavailable',
    reason: 'Other requests have locked the same rows for too long.',
    advice: 'Nothing was stored. Repeat the request, with the same Idempotency-Key if you sent one.',
    retryAfterSeconds: 1,
  },
];

const failureOf = (error: unknown): DatabaseFailure | undefined => FAILURES.find(({ is }) => is(error));

/** The error to respond with if the database failed; null for any other error. */
export function databaseFailure(error: unknown): DomainError | null {
  const failure = failureOf(error);
  if (!failure) return null;
  const { code, kind, reason, retryAfterSeconds } = failure;
  const own = code === 'commit_outcome_unknown' && (error as CommitOutcomeUnknown).advice;
  // No retry-after: if an error has its own advice, the request must not simply be repeated.
  if (own) return new DomainError(code, kind, `${reason} ${own}`);
  const headers = { 'retry-after': String(retryAfterSeconds) };
  return new DomainError(code, kind, `${reason} ${failure.advice}`, {}, headers);
}

/** Describes a failure for health checks, whose callers may be unauthenticated. */
export function databaseState(error: unknown): { readonly code: string; readonly reason: string } {
  const { code, reason } = failureOf(
    isStorageFault(error) && error instanceof CommitOutcomeUnknown ? error.cause : error,
  ) ?? {
    code: 'database_error',
    reason: 'The database reported an error; see the log.',
  };
  return { code, reason };
}

/** Whether someone must investigate the failure. Waiting too long for concurrent requests does not count. */
export function isDatabaseFault(error: unknown): boolean {
  return databaseFailure(error) !== null && !isDatabaseBusy(error);
}
