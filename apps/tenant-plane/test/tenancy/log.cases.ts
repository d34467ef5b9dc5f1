import { type DesiredTenant } from '@atlas/plane-contract';
import { JsonLogger, createPino } from '@atlas/platform';
import { QueryFailedError } from 'typeorm';
import { User } from '../../src/credentials/user.entity';
import { Incidents } from '../../src/incidents/incidents';
import { type CallOptions, PASSWORD, TestTenantPlane, hostOf } from '../tenant-plane.fixture';

type Line = Record<string, unknown>;

/**
 * Only on SQLite, because the log does not depend on the database.
 *
 * To see it fail: in `ProblemFilter`, leave out `TOLD_OF`.
 */
describe('the log of a tenant plane', () => {
  const written: string[] = [];
  let plane: TestTenantPlane;
  let tenant: DesiredTenant;
  let admin: CallOptions;
  beforeAll(async () => {
    const logger = new JsonLogger(
      createPino('tenant-plane', 'info', { write: (line) => written.push(line) }),
    );
    plane = await TestTenantPlane.boot('sqlite', { logger });
    ({ tenant, admin } = await plane.tenantWithAdmin('acme'));
  });
  afterAll(() => plane.close());
  beforeEach(() => (written.length = 0));

  const lines = (): Line[] => written.map((line) => JSON.parse(line) as Line);

  it('records failed sign-ins and refused requests, with time, address and request', async () => {
    const { session, id } = await plane.user(tenant, 'requester');
    const host = hostOf('acme');
    const cookie = { cookie: `atlas_session=${session}` };
    const guess = { email: 'ann@example.com', password: 'a guess that fails' };
    const answers = [
      await plane.post('/api/auth/token', guess, { host }),
      await plane.get('/api/auth/me', { host, session: `${session}x` }),
      await plane.post('/api/auth/invite', { email: 'x@example.com', role: 'admin' }, { host, session }),
      await plane.patch('/api/incidents/x', {}, { host, headers: cookie }),
      await plane.post('/api/incidents', { surprise: PASSWORD }, admin),
    ];
    for (let n = 0; n < 9; n += 1) await plane.post('/api/auth/token', guess, { host });
    answers.push(await plane.post('/api/auth/token', guess, { host }));
    const refused = lines().filter(({ msg }) => msg === 'refused');
    const byTrace = (trace: string) => refused.find(({ traceId }) => traceId === trace);
    expect(answers.map(({ headers }) => byTrace(headers['x-trace-id'] ?? ''))).toMatchObject([
      { code: 'invalid_credentials', method: 'POST', route: '/api/auth/token', tenantId: tenant.tenant_id },
      { code: 'unauthenticated', route: '/api/auth/me' },
      { code: 'forbidden', route: '/api/auth/invite', actor: { kind: 'user', id } },
      { code: 'csrf_refused', method: 'PATCH', route: '/api/incidents/:id' },
      { code: 'validation_failed', route: '/api/incidents' },
      { code: 'too_many_attempts', route: '/api/auth/token' },
    ]);
    for (const line of refused)
      expect(line).toMatchObject({
        name: 'tenant-plane',
        level: 'info',
        ip: '127.0.0.1',
        time: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
      });
    expect(written.join('')).not.toMatch(/ann@example|a guess|at[urd]_|correct horse/);
  });

  it('contains the full text of an internal error, while the caller gets only a trace id', async () => {
    const secret = 'relation "users" at db.internal:5432';
    const error = new Error(`${secret}\n{"level":"fatal","msg":"forged"}`);
    jest.spyOn(plane.app.get(Incidents), 'list').mockRejectedValueOnce(error);
    const { body, text, headers } = await plane.get('/api/incidents', admin).expect(500);
    expect(body).toEqual({
      type: expect.any(String),
      title: expect.any(String),
      status: 500,
      code: 'internal_error',
      detail: expect.stringContaining('trace_id'),
      trace_id: headers['x-trace-id'],
    });
    expect(text).not.toMatch(/relation|internal:|at .*\.ts/);
    // The logged error is a single line even if the message contains line breaks.
    expect(lines()).toMatchObject([
      { level: 'error', traceId: body.trace_id, err: { stack: expect.stringContaining(secret) } },
    ]);
  });

  it('contains neither the values of a failed statement nor the password in a URL', async () => {
    const { id } = await plane.user(tenant, 'operator', { passwordHash: 'hash-of-a-password' });
    const [user] = (await plane.rows(tenant, User)).filter((one) => one.id === id) as [User];
    const again = plane.tenants.write(tenant.tenant_id, (scope) => scope.insert(User, user));
    const failure: unknown = await again.catch((error: unknown) => error);
    const cause = new Error('could not connect to postgres://atlas:p4ssw0rd@db.internal/atlas');
    for (const error of [failure, cause, new Error('It failed.', { cause })]) {
      jest.spyOn(plane.app.get(Incidents), 'list').mockRejectedValueOnce(error);
      await plane.get('/api/incidents', admin).expect(500);
    }
    expect(lines().map(({ msg }) => msg)).toEqual([
      expect.stringContaining('UNIQUE constraint failed'),
      'could not connect to postgres://atlas:***@db.internal/atlas',
      'It failed.',
    ]);
    expect(written.join('')).not.toMatch(/hash-of-a-password|p4ssw0rd/);
  });

  it('contains no line for a busy database, because the caller is told when to retry', async () => {
    const failure = Object.assign(new Error('canceling statement due to lock timeout'), { code: '55P03' });
    const error = new QueryFailedError('update incidents', [], failure);
    jest.spyOn(plane.app.get(Incidents), 'list').mockRejectedValueOnce(error);
    const { body, headers } = await plane.get('/api/incidents', admin).expect(503);
    expect([body.code, headers['retry-after'], lines()]).toEqual(['database_busy', '1', []]);
  });
});
