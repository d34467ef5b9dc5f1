import { CommitOutcomeUnknown, databaseFailure, isDatabaseBusy, isDatabaseOutage } from './database-outage';

const failure = (message: string, more: object = {}): Error => Object.assign(new Error(message), more);
const inStatement = (driverError: Error): Error => failure('QueryFailedError', { driverError });

describe(isDatabaseOutage.name, () => {
  it.each([
    ['nobody listens', failure('connect ECONNREFUSED', { code: 'ECONNREFUSED', syscall: 'connect' })],
    ['its name is unknown', failure('getaddrinfo', { code: 'ENOTFOUND', syscall: 'getaddrinfo' })],
    ['it went away in a statement', inStatement(failure('read ECONNRESET', { code: 'ECONNRESET' }))],
    ['no way leads to it any more', inStatement(failure('read', { code: 'EHOSTUNREACH' }))],
    ['its server ends', inStatement(failure('terminating connection', { code: '57P01' }))],
    ['it ended a session that was silent', inStatement(failure('terminating', { code: '57P05' }))],
    ['its server is full', failure('sorry, too many clients already', { code: '53300' })],
    ['no connection gets free', failure('timeout exceeded when trying to connect')],
    ['it is closed', failure('database "atlas" is not currently accepting connections', { code: '55000' })],
  ])('is one when %s', (_when, error) => expect(isDatabaseOutage(error)).toBe(true));

  it.each([
    ['a client leaves', failure('aborted', { code: 'ECONNRESET' })],
    ['a row is refused', inStatement(failure('duplicate key', { code: '23505' }))],
    ['another transaction holds a row', inStatement(failure('lock timeout', { code: '55P03' }))],
    ['our code is wrong', new TypeError('x is undefined')],
    ['no error was thrown', 'ECONNREFUSED'],
  ])('is none when %s', (_when, error) => expect(isDatabaseOutage(error)).toBe(false));
});

describe(isDatabaseBusy.name, () => {
  it('is so where a statement gave up waiting for others, on either database, and else not', () => {
    const codes = ['55P03', '40P01', 'SQLITE_BUSY', '23505', '57P01', 'SQLITE_CONSTRAINT'];
    const busy = codes.filter((code) => isDatabaseBusy(inStatement(failure('failed', { code }))));
    expect(busy).toEqual(['55P03', '40P01', 'SQLITE_BUSY']);
    expect(isDatabaseBusy(failure('failed', { code: '55P03' }))).toBe(false);
    expect(isDatabaseBusy(undefined)).toBe(false);
  });
});

describe(databaseFailure.name, () => {
  it('does not say that nothing was stored where a full disk has ended the server in the middle of a COMMIT', () => {
    const full = failure('could not write to file "pg_wal/xlogtemp.1"', { code: '53100', severity: 'PANIC' });
    expect(databaseFailure(inStatement(full))?.code).toBe('storage_full');
    expect(databaseFailure(new CommitOutcomeUnknown(full))?.code).toBe('commit_outcome_unknown');
  });
});
