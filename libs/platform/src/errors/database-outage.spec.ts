import { CommitOutcomeUnknown, databaseFailure, isDatabaseBusy, isDatabaseOutage } from './database-outage';

const failure = (message: string, more: object = {}): Error => Object.assign(new Error(message), more);
const inStatement = (driverError: Error): Error => failure('QueryFailedError', { driverError });

describe(isDatabaseOutage.name, () => {
  it.each([
    [
      'nothing listens on its port',
      failure('connect ECONNREFUSED', { code: 'ECONNREFUSED', syscall: 'connect' }),
    ],
    ['its host name is unknown', failure('getaddrinfo', { code: 'ENOTFOUND', syscall: 'getaddrinfo' })],
    [
      'the connection broke during a statement',
      inStatement(failure('read ECONNRESET', { code: 'ECONNRESET' })),
    ],
    ['there is no longer a route to it', inStatement(failure('read', { code: 'EHOSTUNREACH' }))],
    ['its server is shutting down', inStatement(failure('terminating connection', { code: '57P01' }))],
    ['its server has terminated an idle session', inStatement(failure('terminating', { code: '57P05' }))],
    ['its server has too many clients', failure('sorry, too many clients already', { code: '53300' })],
    ['no pooled connection becomes available', failure('timeout exceeded when trying to connect')],
    [
      'it accepts no connections',
      failure('database "atlas" is not currently accepting connections', { code: '55000' }),
    ],
  ])('reports an outage of the database when %s', (_when, error) =>
    expect(isDatabaseOutage(error)).toBe(true),
  );

  it.each([
    ['an HTTP client disconnects', failure('aborted', { code: 'ECONNRESET' })],
    ['a row is rejected', inStatement(failure('duplicate key', { code: '23505' }))],
    ['another transaction has locked a row', inStatement(failure('lock timeout', { code: '55P03' }))],
    ['our code is wrong', new TypeError('x is undefined')],
    ['the error is not an Error', 'ECONNREFUSED'],
  ])('reports no outage when %s', (_when, error) => expect(isDatabaseOutage(error)).toBe(false));
});

describe(isDatabaseBusy.name, () => {
  it('returns true only for lock timeouts and deadlocks, on Postgres or SQLite', () => {
    const codes = ['55P03', '40P01', 'SQLITE_BUSY', '23505', '57P01', 'SQLITE_CONSTRAINT'];
    const busy = codes.filter((code) => isDatabaseBusy(inStatement(failure('failed', { code }))));
    expect(busy).toEqual(['55P03', '40P01', 'SQLITE_BUSY']);
    expect(isDatabaseBusy(failure('failed', { code: '55P03' }))).toBe(false);
    expect(isDatabaseBusy(undefined)).toBe(false);
  });
});

describe(databaseFailure.name, () => {
  it('reports the outcome as unknown when a full disk stops the server during a COMMIT', () => {
    const full = failure('could not write to file "pg_wal/xlogtemp.1"', { code: '53100', severity: 'PANIC' });
    expect(databaseFailure(inStatement(full))?.code).toBe('storage_full');
    expect(databaseFailure(new CommitOutcomeUnknown(full))?.code).toBe('commit_outcome_unknown');
  });
});
