import { type DesiredTenant } from '@atlas/plane-contract';
import { Mailer, hashPassword } from '@atlas/platform';
import { EVERY_DATABASE, FixedClock, TestSmtpServer, linkIn } from '@atlas/testing';
import { Mails } from '../../src/mail/mails';
import { PASSWORD, TestTenantPlane, hostOf, tokenIn } from '../tenant-plane.fixture';

const NEW = 'another horse, another staple';
const HOUR = 3600;

describe.each(EVERY_DATABASE)('a password on %s', (driver) => {
  const clock = new FixedClock();
  let smtp: TestSmtpServer;
  let plane: TestTenantPlane;
  let tenant: DesiredTenant;
  let passwordHash: string;
  let host: string;
  let user: { id: string; session: string };
  let count = 0;
  const email = 'ann@example.com';

  beforeAll(async () => {
    smtp = await TestSmtpServer.start();
    plane = await TestTenantPlane.boot(driver, { clock, env: smtp.env });
    passwordHash = await hashPassword(PASSWORD);
  });
  afterAll(async () => {
    await plane.close();
    await smtp.stop();
  });
  beforeEach(async () => {
    // Move past every throttle window that an earlier test has filled.
    clock.advance(HOUR);
    const slug = `tenant-${(count += 1)}`;
    tenant = await plane.tenant(slug);
    host = hostOf(slug);
    user = await plane.user(tenant, 'operator', { email, passwordHash });
  });

  const forgot = (address = email) => plane.post('/api/auth/forgot-password', { email: address }, { host });
  const reset = (token: string, body: object = {}) =>
    plane.post('/api/auth/reset-password', { token, password: NEW, ...body }, { host });
  const login = (password: string) => plane.post('/api/auth/token', { email, password }, { host });
  const statusOf = async (session: string): Promise<number> =>
    (await plane.get('/api/auth/me', { session, host })).status;
  const change = (body: object, session = user.session) =>
    plane.post(
      '/api/auth/password',
      { current_password: PASSWORD, new_password: NEW, ...body },
      { session, host },
    );
  const linked = async (): Promise<string> => {
    await forgot().expect(202);
    return tokenIn(linkIn(await smtp.next()));
  };

  describe('that a user has forgotten', () => {
    it('is reset by email; the user is signed in and notified, and other sessions are revoked', async () => {
      await forgot('ANN@example.com').expect(202);
      const mail = await smtp.next();
      expect(mail).toMatchObject({ to: [email], subject: `Choose a new password for ${tenant.name}` });
      const url = linkIn(mail);
      expect(url).toMatch(`http://${host}/reset-password#token=atn_${tenant.tenant_id}_`);
      const { body } = await reset(tokenIn(url)).expect(200);
      expect(body).toMatchObject({ user: { email }, device_token: expect.stringMatching(/^atd_/) });
      expect([await statusOf(user.session), await statusOf(body.token)]).toEqual([401, 200]);
      await login(PASSWORD).expect(401);
      await login(NEW).expect(200);
      expect((await smtp.next()).subject).toBe(`Your password for ${tenant.name} was changed`);
      expect((await reset(tokenIn(url)).expect(401)).body.code).toBe('invalid_link');
      expect(await plane.audit(tenant, 'user.password_reset')).toMatchObject([
        { actorId: user.id, targetId: user.id, after: { sessions_ended: 1 } },
      ]);
    });

    it('can be reset only by an active user, but every email address gets the same response', async () => {
      await plane.user(tenant, 'admin', { email: 'gone@example.com', deactivatedAt: clock.now() });
      const before = smtp.mails.length;
      for (const address of ['nobody@example.com', 'gone@example.com', email]) {
        const { status, body } = await forgot(address);
        expect([status, body]).toEqual([202, {}]);
      }
      await plane.app.get(Mails).sendNoted();
      expect(smtp.mails.slice(before).flatMap(({ to }) => to)).toEqual([email]);
      await smtp.next();
    });

    it('cannot be reset so often that reset emails flood a mailbox', async () => {
      const before = smtp.mails.length;
      for (let n = 0; n < 5; n += 1) await forgot().expect(202);
      await plane.app.get(Mails).sendNoted();
      expect(smtp.mails.length - before).toBe(3);
      for (let n = 0; n < 3; n += 1) await smtp.next();
      for (let n = 0; n < 15; n += 1) await forgot(`user-${n}@example.com`).expect(202);
      const refused = await forgot('one-too-many@example.com').expect(429);
      expect([refused.body.code, refused.headers['retry-after']]).toEqual(['too_many_attempts', '900']);
    });

    it('can be reset only with the latest link, only within an hour, and only once', async () => {
      const first = await linked();
      const second = await linked();
      await reset(first).expect(401);
      clock.advance(HOUR);
      await reset(second).expect(401);
      const third = await linked();
      const [one, other] = await Promise.all([reset(third), reset(third)]);
      expect([one.status, other.status].sort()).toEqual([200, 401]);
      await smtp.next();
    });

    it('can be reset only once, whichever copy of a repeated email the link comes from', async () => {
      const mailer = plane.app.get(Mailer);
      const send = mailer.send.bind(mailer);
      jest.spyOn(mailer, 'send').mockImplementationOnce(async (...mail) => {
        await send(...mail);
        throw new Error('the response was late');
      });
      const first = await linked();
      await plane.app.get(Mails).sendNoted();
      clock.advance(60);
      await plane.app.get(Mails).sendNoted();
      const second = tokenIn(linkIn(await smtp.next()));
      await reset(first).expect(200);
      await reset(second).expect(401);
      await smtp.next();
    });

    it('has no reset email sent if it is changed before that email goes out', async () => {
      smtp.refusal = 'busy';
      await forgot().expect(202);
      await plane.app.get(Mails).sendNoted();
      await change({}).expect(204);
      const before = smtp.mails.length;
      smtp.refusal = undefined;
      clock.advance(60);
      await plane.app.get(Mails).sendNoted();
      expect(smtp.mails.slice(before).map(({ subject }) => subject)).toEqual([
        `Your password for ${tenant.name} was changed`,
      ]);
      await smtp.next();
    });

    it('cannot be reset to a guessable password, or in another tenant', async () => {
      const token = await linked();
      const weak = await reset(token, { password: `${tenant.slug} ann 12` }).expect(400);
      expect(weak.body.errors).toEqual([expect.objectContaining({ field: 'password' })]);
      const other = await plane.tenant(`other-${count}`);
      await plane
        .post('/api/auth/reset-password', { token, password: NEW }, { tenant: other.slug })
        .expect(401);
      await reset(token).expect(200);
      await smtp.next();
    });
  });

  describe('of a signed-in user', () => {
    it('can be changed by that user, who gets an email and whose other sessions are revoked', async () => {
      const other = (await login(PASSWORD).expect(200)).body;
      await change({}).expect(204);
      expect([await statusOf(user.session), await statusOf(other.token)]).toEqual([200, 401]);
      await plane.post('/api/auth/refresh', { refresh_token: other.refresh_token }, { host }).expect(401);
      await login(NEW).expect(200);
      expect((await smtp.next()).subject).toBe(`Your password for ${tenant.name} was changed`);
      expect(await plane.audit(tenant, 'user.password_changed')).toHaveLength(1);
    });

    it('cannot be changed to itself, and the attempt affects no links or sessions', async () => {
      const token = await linked();
      const other = (await login(PASSWORD).expect(200)).body;
      const { body } = await change({ new_password: PASSWORD }).expect(422);
      expect(body.code).toBe('password_unchanged');
      expect([await statusOf(user.session), await statusOf(other.token)]).toEqual([200, 200]);
      const guess = { current_password: NEW, new_password: NEW };
      expect((await change(guess).expect(403)).body.code).toBe('wrong_password');
      await reset(token).expect(200);
      await smtp.next();
    });

    it('can be guessed at most ten times in 15 minutes by requesting a change', async () => {
      const weak = await change({ new_password: 'qwerty123456' }).expect(400);
      expect(weak.body.errors).toEqual([expect.objectContaining({ field: 'new_password' })]);
      for (let n = 0; n < 10; n += 1) {
        expect((await change({ current_password: `guess ${n}` }).expect(403)).body.code).toBe(
          'wrong_password',
        );
      }
      expect((await change({}).expect(429)).body.code).toBe('too_many_attempts');
      clock.advance(15 * 60);
      await change({}).expect(204);
      await smtp.next();
    });
  });
});
