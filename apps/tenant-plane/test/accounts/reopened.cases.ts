import { randomUUID } from 'node:crypto';
import { type DesiredTenant } from '@atlas/plane-contract';
import { hashPassword } from '@atlas/platform';
import { CommitFaults, EVERY_DATABASE, FixedClock, TestSmtpServer, linkIn } from '@atlas/testing';
import { TenantRouter } from '../../src/access/tenant-router';
import { Audit } from '../../src/audit/audit';
import { IdentityProvider } from '../../src/credentials/identity-provider.entity';
import { Session } from '../../src/credentials/session.entity';
import { UserIdentity } from '../../src/credentials/user-identity.entity';
import { UserTokens } from '../../src/credentials/user-tokens';
import { User } from '../../src/credentials/user.entity';
import { Pause } from '../pause.fixture';
import { type CallOptions, PASSWORD, TestTenantPlane, hostOf, tokenIn } from '../tenant-plane.fixture';

const MOVED_TO = 'https://elsewhere.example.com';
const ISSUER = 'https://id.example.com';

/**
 * A copy that is served again accepts no earlier session, link or invitation, and revokes them once per job.
 *
 * To see it fail: in `put` of the applier, leave out `reopened.end`; in `reopens`, leave out `reopenedBy`; in
 * `ReopenCopyStep`, leave out `links.end`; or in `ReopenedAccess.end`, leave out `voidPasswords`.
 */
describe.each(EVERY_DATABASE)("a tenant's kept copy that is to be served again, on %s", (driver) => {
  const clock = new FixedClock();
  let faults: CommitFaults;
  let smtp: TestSmtpServer;
  let planes: Readonly<Record<'silent' | 'mailing', TestTenantPlane>>;
  let passwordHash: string;
  let plane: TestTenantPlane;
  let tenant: DesiredTenant;
  let host: string;
  let admin: CallOptions;
  let count = 0;

  beforeAll(async () => {
    faults = await CommitFaults.start();
    smtp = await TestSmtpServer.start();
    passwordHash = await hashPassword(PASSWORD);
    const through = (url: string): string => faults.through(url);
    planes = {
      silent: await TestTenantPlane.boot(driver, { clock, through }),
      mailing: await TestTenantPlane.boot(driver, { clock, env: smtp.env }),
    };
  });
  afterAll(async () => {
    for (const one of Object.values(planes)) await one.close();
    await smtp.stop();
    await faults.stop();
  });

  const settle = async (which: keyof typeof planes = 'silent'): Promise<void> => {
    plane = planes[which];
    const slug = `copy-${(count += 1)}`;
    ({ tenant } = await plane.tenantWithAdmin(slug));
    host = hostOf(slug);
    admin = { ...(await plane.user(tenant, 'admin', { email: 'ann@example.com', passwordHash })), host };
  };
  const next = (changes: Partial<DesiredTenant>): DesiredTenant =>
    (tenant = { ...tenant, ...changes, entry_revision: tenant.entry_revision + 1 });
  const moveAway = () => plane.apply({ tenants: [next({ phase: 'retired', moved_to: MOVED_TO })] });
  const reopening = (job_id: string) => next({ phase: 'serving', moved_to: undefined, reopened: { job_id } });
  const reopen = (job = randomUUID()) => plane.apply({ tenants: [reopening(job)] });
  const statusOf = async (options: CallOptions): Promise<number> =>
    (await plane.get('/api/auth/me', { host, ...options })).status;
  const login = (email = 'ann@example.com') =>
    plane.post('/api/auth/token', { email, password: PASSWORD }, { host });
  const ended = () => plane.audit(tenant, 'tenant.copy_reopened');
  const userOf = async (email: string): Promise<User> =>
    (await plane.rows(tenant, User)).find((user) => user.email === email) as User;

  it('starts no step that was queued before the move, because it may have run since', async () => {
    await settle();
    await plane.put('/api/automation/policy', { level: 5 }, admin).expect(200);
    const steps = [{ name: 'drop', kind: 'shell', risk: 'low', config: { command: 'true' } }];
    const { body: runbook } = await plane.post('/api/runbooks', { name: 'Drop', steps }, admin).expect(201);
    const { body: run } = await plane.post(`/api/runbooks/${runbook.id}/runs`, {}, admin).expect(202);
    expect(run.steps[0].status).toBe('queued');
    await moveAway();
    await reopen();
    const user = { ...(await plane.user(tenant, 'admin')), host };
    const { body } = await plane.get(`/api/automation/jobs/${run.id}`, user).expect(200);
    expect(body).toMatchObject({
      status: 'failed',
      steps: [{ status: 'failed', error: { code: 'outcome_unknown' } }],
    });
    expect(await plane.audit(tenant, 'run.ended')).toHaveLength(1);
  });

  it('accepts no earlier session, link or invitation', async () => {
    await settle();
    const { body: signedIn } = await login().expect(200);
    const invite = { email: 'bob@example.com', role: 'operator' };
    const { body: invited } = await plane.post('/api/auth/invite', invite, admin).expect(201);
    const { id } = await userOf('ann@example.com');
    const reset = await plane.tenants.write(tenant.tenant_id, (scope) =>
      plane.app.get(UserTokens).mint(scope, id, 'reset'),
    );
    await moveAway();
    expect(await reopen()).toMatchObject([expect.not.objectContaining({ error: expect.anything() })]);
    expect([await statusOf(admin), await statusOf({ session: signedIn.token })]).toEqual([401, 401]);
    const { refresh_token } = signedIn;
    await plane.post('/api/auth/refresh', { refresh_token }, { host }).expect(401);
    for (const [path, token] of [
      ['signup-exchange', tokenIn(invited.url)],
      ['reset-password', reset],
    ]) {
      const refused = await plane.post(`/api/auth/${path}`, { token, password: PASSWORD }, { host });
      expect([refused.status, refused.body.code]).toEqual([401, 'invalid_link']);
    }
    // Single sign-on does not accept the invitation either.
    expect(await userOf('bob@example.com')).toMatchObject({ invitationEndedAt: expect.any(Date) });
    expect((await ended()).map(({ after }) => after)).toEqual([
      expect.objectContaining({ sessions_ended: 3, links_ended: 2, invitations_ended: 1 }),
    ]);
  });

  it('revokes access only once per job, however often its entry is applied', async () => {
    await settle();
    await moveAway();
    const job = randomUUID();
    await reopen(job);
    const { body } = await login().expect(200);
    await reopen(job);
    await plane.apply({ full: true, tenants: [reopening(job)] });
    await plane.apply({ tenants: [next({ plan: 'enterprise' })] });
    expect(await statusOf({ session: body.token })).toBe(200);
    await moveAway();
    await reopen();
    expect(await statusOf({ session: body.token })).toBe(401);
    expect(await ended()).toHaveLength(2);
  });

  it('revokes access before it is served, even if COMMITs fail or their outcomes are unknown', async () => {
    await settle();
    await moveAway();
    jest.spyOn(plane.app.get(Audit), 'record').mockRejectedValueOnce(new Error('The disk is full.'));
    const job = randomUUID();
    expect(await reopen(job)).toMatchObject([{ error: expect.anything() }]);
    const [session] = await plane.rows(tenant, Session);
    expect([session?.revokedAt, (await plane.get('/api/auth/me', { host })).status]).toEqual([null, 307]);
    faults.begin();
    let applied = await reopen(job);
    while (faults.count < 3 || applied[0]?.error !== undefined) applied = await reopen(job);
    faults.end();
    expect(await statusOf(admin)).toBe(401);
    expect(await ended()).toHaveLength(1);
  });

  it('revokes access even if it is frozen immediately, and stays frozen', async () => {
    await settle();
    await moveAway();
    await plane.apply({ tenants: [{ ...reopening(randomUUID()), phase: 'frozen' }] });
    expect(await statusOf(admin)).toBe(401);
    const late = plane.tenants.write(tenant.tenant_id, (scope) => scope.update(User, {}, { name: 'late' }));
    // A frozen home normally accepts writes until its rows are sent, but the move had already frozen these
    // rows.
    await expect(late).rejects.toMatchObject({ code: 'tenant_frozen' });
  });

  if (driver === 'postgres')
    it('revokes access only once if two replicas apply its entry at the same time', async () => {
      await settle();
      await moveAway();
      const other = await TestTenantPlane.open(plane.database, { clock });
      const entry = reopening(randomUUID());
      await Promise.all([plane, other].map((replica) => replica.apply({ tenants: [entry] })));
      expect([await statusOf(admin), (await ended()).length]).toEqual([401, 1]);
      const { body } = await login().expect(200);
      expect((await other.get('/api/auth/me', { host, session: body.token })).status).toBe(200);
      await other.app.close();
    });

  it('invalidates passwords that their owners can reset by email', async () => {
    await settle('mailing');
    await moveAway();
    await reopen();
    expect((await login()).status).toBe(401);
    const { email } = await userOf('ann@example.com');
    await plane.post('/api/auth/forgot-password', { email }, { host }).expect(202);
    const token = tokenIn(linkIn(await smtp.next()));
    const password = 'another horse, another staple';
    await plane.post('/api/auth/reset-password', { token, password }, { host }).expect(200);
    expect((await ended())[0]?.after).toMatchObject({ passwords_voided: 2, passwords_kept: 0 });
  });

  it('invalidates the passwords of single sign-on users, keeps the others, and counts both', async () => {
    await settle();
    const { id: userId } = await plane.user(tenant, 'operator', { email: 'cid@example.com', passwordHash });
    await plane.tenants.write(tenant.tenant_id, async (scope) => {
      const now = clock.now();
      await scope.insert(IdentityProvider, {
        kind: 'oidc',
        issuer: ISSUER,
        clientId: 'acme',
        isEnabled: true,
        createsUsers: false,
        defaultRole: 'requester',
        emailDomains: [],
        changedAt: now,
      });
      await scope.insert(UserIdentity, { userId, issuer: ISSUER, subject: 'cid', linkedAt: now });
    });
    await moveAway();
    await reopen();
    expect([(await login('cid@example.com')).status, (await login()).status]).toEqual([401, 200]);
    expect((await ended())[0]?.after).toMatchObject({ passwords_voided: 1, passwords_kept: 2 });
  });

  describe('if its rows are required', () => {
    const isRefused = async (): Promise<void> => {
      const reopened = { job_id: randomUUID(), requires_rows: true } as const;
      // Runs twice, as if the process had died after the first attempt.
      for (let times = 0; times < 2; times += 1) {
        const entry = next({ phase: 'serving', transfer: undefined, reopened });
        expect(await plane.apply({ tenants: [entry] })).toMatchObject([{ code: 'copy_missing' }]);
        expect((await plane.get('/api/auth/me', admin)).status).toBe(404);
      }
    };
    beforeEach(() => settle());

    it('is not served by a plane whose database does not know the tenant', async () => {
      tenant = { ...tenant, tenant_id: randomUUID(), slug: `copy-${(count += 1)}` };
      admin = { ...admin, host: hostOf(tenant.slug) };
      await isRefused();
    });

    it('is not served by a plane whose database was restored from a backup older than the move', () =>
      isRefused());

    it('is not served by a plane on which its first import never began', async () => {
      tenant = { ...tenant, tenant_id: randomUUID(), slug: `copy-${(count += 1)}` };
      admin = { ...admin, host: hostOf(tenant.slug) };
      const transfer = { id: randomUUID(), role: 'target' } as const;
      await plane.apply({ tenants: [next({ phase: 'importing', transfer })] });
      await isRefused();
    });

    it.each(['frozen', 'retired'] as const)('is served again after it was %s', async (phase) => {
      await plane.apply({ tenants: [next({ phase, moved_to: undefined })] });
      const reopened = { job_id: randomUUID(), requires_rows: true } as const;
      await plane.apply({ tenants: [next({ phase: 'serving', reopened })] });
      expect((await login()).status).toBe(200);
    });
  });

  describe('until then', () => {
    const sentOn = [307, `${MOVED_TO}/api/incidents?x=1`];
    const asked = async (): Promise<unknown[]> => {
      const { status, headers } = await plane.get('/api/incidents?x=1', { session: String(admin.session) });
      return [status, headers['location']];
    };
    const removed = () => plane.apply({ tenants: [next({ purge: { job_id: randomUUID() } })] });
    beforeEach(() => settle());

    it("redirects the tenant's users while the tenant is moving back", async () => {
      await moveAway();
      const transfer = { id: randomUUID(), role: 'target' } as const;
      await plane.apply({ tenants: [next({ phase: 'importing', transfer })] });
      expect(await asked()).toEqual(sentOn);
    });

    it('redirects a request admitted before the tenant left, even after its session is deleted', async () => {
      const pause = Pause.behind(plane.app.get(TenantRouter), 'elsewhere');
      const answer = asked();
      await pause.reached;
      for (const leave of [moveAway, removed])
        expect(await leave()).toEqual([expect.not.objectContaining({ error: expect.anything() })]);
      expect(await plane.rows(tenant, Session)).toEqual([]);
      pause.release();
      expect(await answer).toEqual(sentOn);
    });
  });
});
