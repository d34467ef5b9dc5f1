import { randomUUID } from 'node:crypto';
import { type DesiredTenant } from '@atlas/plane-contract';
import { Mailer, hashPassword } from '@atlas/platform';
import { EVERY_DATABASE, FixedClock, type ReceivedMail, TestSmtpServer, linkIn } from '@atlas/testing';
import { UserToken } from '../../src/credentials/user-token.entity';
import { User } from '../../src/credentials/user.entity';
import { InviteMail } from '../../src/mail/invite.mail';
import { Mails } from '../../src/mail/mails';
import { OutgoingMail } from '../../src/mail/outgoing-mail.entity';
import { Pause, countRetries, endedOrWaiting } from '../pause.fixture';
import { type CallOptions, PASSWORD, TestTenantPlane, hostOf, tokenIn } from '../tenant-plane.fixture';

const DAY = 24 * 3600;
const OFF_AND_ON = [{ deactivated: true }, { deactivated: false }];

describe.each(EVERY_DATABASE)('an invitation on %s', (driver) => {
  const clock = new FixedClock();
  let smtp: TestSmtpServer;
  /** One plane that sends email, and one that does not. */
  let plane: TestTenantPlane;
  let quiet: TestTenantPlane;
  let count = 0;

  beforeAll(async () => {
    smtp = await TestSmtpServer.start();
    [plane, quiet] = await Promise.all([
      TestTenantPlane.boot(driver, { clock, env: smtp.env }),
      TestTenantPlane.boot(driver, { clock }),
    ]);
  });
  afterAll(async () => {
    await Promise.all([plane.close(), quiet.close()]);
    await smtp.stop();
  });

  const scene = async (where: TestTenantPlane): Promise<{ tenant: DesiredTenant; admin: CallOptions }> =>
    where.tenantWithAdmin(`tenant-${(count += 1)}`);
  const invite = (where: TestTenantPlane, admin: CallOptions, body: object = {}) =>
    where.post('/api/auth/invite', { email: 'ann@example.com', role: 'operator', ...body }, admin);
  const accept = (where: TestTenantPlane, token: string, body: object = {}, options: CallOptions = {}) =>
    where.post('/api/auth/signup-exchange', { token, password: PASSWORD, ...body }, options);

  it('arrives by email, and admits its recipient once, with the intended role', async () => {
    const { tenant, admin } = await scene(plane);
    const { body } = await invite(plane, admin, { email: 'Ann@example.com', role: 'fulfiller' }).expect(201);
    expect(body).toEqual({
      user: expect.objectContaining({ email: 'ann@example.com', role: 'fulfiller', status: 'invited' }),
      expires_at: new Date(clock.now().getTime() + 7 * DAY * 1000).toISOString(),
    });
    const mail = await smtp.next();
    expect(mail).toMatchObject({
      to: ['ann@example.com'],
      subject: `You have been invited to ${tenant.name}`,
    });
    const url = linkIn(mail);
    expect(url).toMatch(`http://${hostOf(tenant.slug)}/signup#token=atv_${tenant.tenant_id}_`);

    const joined = await accept(plane, tokenIn(url), { name: 'Ann' }).expect(201);
    expect(joined.body.user).toMatchObject({ email: 'ann@example.com', name: 'Ann', role: 'fulfiller' });
    await plane.get('/api/cmdb/items', { session: joined.body.token }).expect(200);
    expect((await accept(plane, tokenIn(url)).expect(401)).body.code).toBe('invalid_link');
    const login = { email: 'ann@example.com', password: PASSWORD };
    await plane.post('/api/auth/token', login, { tenant: tenant.slug }).expect(200);
    expect(await plane.audit(tenant, 'user.invited')).toMatchObject([
      { actorKind: 'user', targetId: body.user.id, after: { email: 'ann@example.com', role: 'fulfiller' } },
    ]);
  });

  it('is returned as a link if no email is sent, whatever the request headers say', async () => {
    const { tenant, admin } = await scene(quiet);
    const headers = { 'x-forwarded-host': 'evil.example.com', 'x-forwarded-proto': 'https' };
    const { body } = await invite(quiet, { ...admin, headers }).expect(201);
    expect(body.url).toMatch(`http://${hostOf(tenant.slug)}/signup#token=atv_${tenant.tenant_id}_`);
    await accept(quiet, tokenIn(body.url)).expect(201);
  });

  it('queues its email without a secret, and creates the link when the email is sent', async () => {
    const { tenant, admin } = await scene(plane);
    smtp.refusal = 'busy';
    await invite(plane, admin).expect(201);
    const mails = plane.app.get(Mails);
    await mails.sendNoted();
    const rows = await plane.rows(tenant, OutgoingMail);
    expect(rows).toMatchObject([{ kind: 'invite', attempts: 1 }]);
    expect(Object.keys(rows[0]?.subject ?? {}).sort()).toEqual([
      'by_deactivations',
      'by_id',
      'epoch',
      'user_id',
    ]);
    smtp.refusal = undefined;
    clock.advance(60);
    await mails.sendNoted();
    await accept(plane, tokenIn(linkIn(await smtp.next()))).expect(201);
    expect(await plane.rows(tenant, OutgoingMail)).toEqual([]);
  });

  it('works only once, whichever copy of a repeated email the link comes from', async () => {
    const { tenant, admin } = await scene(plane);
    const mailer = plane.app.get(Mailer);
    const send = mailer.send.bind(mailer);
    const sending = jest.spyOn(mailer, 'send').mockImplementation(async (...mail) => {
      await send(...mail);
      throw new Error('the response was late');
    });
    await invite(plane, admin).expect(201);
    const copies: string[] = [];
    for (let n = 0; n < 3; n += 1) {
      if (n === 2) sending.mockRestore();
      await plane.app.get(Mails).sendNoted();
      copies.push(tokenIn(linkIn(await smtp.next())));
      clock.advance(120);
    }
    expect(await plane.rows(tenant, OutgoingMail)).toEqual([]);
    const [first = '', ...others] = copies;
    await accept(plane, first).expect(201);
    for (const other of others) await accept(plane, other).expect(401);
    expect(await plane.rows(tenant, UserToken)).toEqual([]);
  });

  it('is not sent to a user who is deactivated while the email is still queued', async () => {
    const { tenant, admin } = await scene(plane);
    const before = smtp.mails.length;
    smtp.refusal = 'busy';
    const { body } = await invite(plane, admin).expect(201);
    await plane.app.get(Mails).sendNoted();
    await plane.patch(`/api/users/${body.user.id}`, { deactivated: true }, admin).expect(200);
    smtp.refusal = undefined;
    clock.advance(60);
    await plane.app.get(Mails).sendNoted();
    expect(smtp.mails).toHaveLength(before);
    expect(await plane.rows(tenant, OutgoingMail)).toEqual([]);
  });

  it('is still sent after its inviter has changed their password', async () => {
    const { tenant, admin } = await scene(plane);
    const inviter = await plane.user(tenant, 'admin', { passwordHash: await hashPassword(PASSWORD) });
    const by = { session: inviter.session, host: admin.host };
    smtp.refusal = 'busy';
    await invite(plane, by, { email: 'zoe@example.com' }).expect(201);
    await plane.app.get(Mails).sendNoted();
    const passwords = { current_password: PASSWORD, new_password: 'another horse, another staple' };
    await plane.post('/api/auth/password', passwords, by).expect(204);
    const before = smtp.mails.length;
    smtp.refusal = undefined;
    clock.advance(60);
    await plane.app.get(Mails).sendNoted();
    const sent: ReceivedMail[] = [];
    while (before + sent.length < smtp.mails.length) sent.push(await smtp.next());
    const invitation = sent.find(({ to }) => to.includes('zoe@example.com'));
    await accept(plane, tokenIn(linkIn(invitation as ReceivedMail))).expect(201);
  });

  it.each<[string, (invited: string, inviter: string) => [string, object[]], string]>([
    ['its recipient was deactivated and then reactivated', (id) => [id, OFF_AND_ON], 'invitation_ended'],
    ['its inviter was deactivated and then reactivated', (_, by) => [by, OFF_AND_ON], 'inviter_not_allowed'],
    [
      'its inviter may no longer invite users',
      (_, by) => [by, [{ role: 'fulfiller' }]],
      'inviter_not_allowed',
    ],
  ])('is not sent if %s', async (_, of, reason) => {
    const { tenant, admin } = await scene(plane);
    const inviter = await plane.user(tenant, 'admin');
    const before = smtp.mails.length;
    smtp.refusal = 'busy';
    const { body } = await invite(plane, { ...inviter, host: admin.host }).expect(201);
    await plane.app.get(Mails).sendNoted();
    const [id, changes] = of(body.user.id, inviter.id);
    for (const change of changes) await plane.patch(`/api/users/${id}`, change, admin).expect(200);
    smtp.refusal = undefined;
    clock.advance(60);
    await plane.app.get(Mails).sendNoted();
    expect(smtp.mails).toHaveLength(before);
    expect(await plane.rows(tenant, OutgoingMail)).toEqual([]);
    const dropped = { targetId: body.user.id, after: { kind: 'invite', reason } };
    expect(await plane.audit(tenant, 'mail.dropped')).toMatchObject([dropped]);
    // A different admin can invite the same person again.
    await invite(plane, admin).expect(201);
    await accept(plane, tokenIn(linkIn(await smtp.next()))).expect(201);
  });

  it('does not delay a purge that starts while the invitation email is being written', async () => {
    const { tenant, admin } = await scene(plane);
    smtp.refusal = 'busy';
    const retries = countRetries(plane);
    const pause = Pause.before(plane.app.get(InviteMail), 'write');
    await invite(plane, admin).expect(201);
    await pause.reached;
    const purge = { ...tenant, phase: 'retired', purge: { job_id: randomUUID() } } as const;
    // Deferred, so that the purge starts only once `endedOrWaiting` is watching it.
    const purging = Promise.resolve().then(() => plane.apply({ tenants: [purge] }));
    await endedOrWaiting(plane, purging);
    pause.release();
    const applied = { tenantId: tenant.tenant_id, entryRevision: tenant.entry_revision };
    expect([await purging, retries()]).toEqual([[applied], 0]);
    expect(await plane.rows(tenant, OutgoingMail)).toEqual([]);
    await plane.app.get(Mails).sendNoted();
    smtp.refusal = undefined;
  });

  it('is invalidated by a newer invitation to the same address, which can assign another role', async () => {
    const { tenant, admin } = await scene(quiet);
    const first = (await invite(quiet, admin).expect(201)).body;
    const second = (await invite(quiet, admin, { role: 'requester' }).expect(201)).body;
    expect(second.user).toMatchObject({ id: first.user.id, role: 'requester' });
    await accept(quiet, tokenIn(first.url)).expect(401);
    expect((await accept(quiet, tokenIn(second.url)).expect(201)).body.user.role).toBe('requester');
    expect((await invite(quiet, admin).expect(409)).body.code).toBe('user_exists');
    expect(await quiet.rows(tenant, UserToken)).toEqual([]);
  });

  it('expires after seven days, or when its recipient is deactivated', async () => {
    const { admin } = await scene(quiet);
    const [late, gone] = [
      (await invite(quiet, admin).expect(201)).body,
      (await invite(quiet, admin, { email: 'bob@example.com' }).expect(201)).body,
    ];
    await quiet.patch(`/api/users/${gone.user.id}`, { deactivated: true }, admin).expect(200);
    await accept(quiet, tokenIn(gone.url)).expect(401);
    clock.advance(7 * DAY);
    await accept(quiet, tokenIn(late.url)).expect(401);
  });

  it.each([
    ['deactivated', OFF_AND_ON],
    ['made an operator', [{ role: 'operator' }, { role: 'admin' }]],
  ])('is revoked when its sender is %s, even if that change is reversed', async (_, changes) => {
    const { tenant, admin } = await scene(quiet);
    const mallory = { ...(await quiet.user(tenant, 'admin')), host: admin.host };
    const send = async (by: CallOptions, email: string) =>
      (await invite(quiet, by, { email }).expect(201)).body;
    const { url, user } = await send(mallory, 'ann@example.com');
    await send(mallory, 'ben@example.com');
    const takenOver = await send(admin, 'ben@example.com');
    for (const change of changes) await quiet.patch(`/api/users/${mallory.id}`, change, admin).expect(200);
    expect((await accept(quiet, tokenIn(url)).expect(401)).body.code).toBe('invalid_link');
    await accept(quiet, tokenIn(takenOver.url)).expect(201);
    expect(await quiet.audit(tenant, 'user.invitation_ended')).toMatchObject([
      { targetId: user.id, after: { invited_by: mallory.id } },
    ]);
    // A different admin can invite the same person again.
    await accept(quiet, tokenIn((await send(admin, 'ann@example.com')).url)).expect(201);
  });

  it('is valid only in its own tenant, and is stored as a hash', async () => {
    const { tenant, admin } = await scene(quiet);
    const { tenant: other } = await scene(quiet);
    const token = tokenIn((await invite(quiet, admin).expect(201)).body.url);
    await accept(quiet, token, {}, { tenant: other.slug }).expect(404);
    await accept(quiet, token.replace(tenant.tenant_id, other.tenant_id)).expect(401);
    await accept(quiet, token.replace('atv_', 'atn_')).expect(401);
    const [row] = await quiet.rows(tenant, UserToken);
    expect(row?.tokenHash).toMatch(/^[0-9a-f]{64}$/);
    await accept(quiet, token, {}, { host: hostOf(tenant.slug) }).expect(201);
  });

  it('can be redeemed by only one of ten concurrent requests', async () => {
    const { tenant, admin } = await scene(quiet);
    const token = tokenIn((await invite(quiet, admin).expect(201)).body.url);
    const answers = await Promise.all(Array.from({ length: 10 }, () => accept(quiet, token)));
    expect(answers.map(({ status }) => status).sort()).toEqual([201, ...Array(9).fill(401)]);
    expect(await quiet.rows(tenant, User)).toHaveLength(2);
  });

  it.each([
    ['is too short', 'too short', 'password'],
    ['is common', 'qwerty123456', 'password'],
    ["is the user's name", 'ann.example.1', 'password'],
  ])('cannot be accepted with a password that %s, but remains valid', async (_, password, field) => {
    const { admin } = await scene(quiet);
    const email = 'ann.example@example.com';
    const token = tokenIn((await invite(quiet, admin, { email }).expect(201)).body.url);
    const { body } = await accept(quiet, token, { password }).expect(400);
    expect(body).toMatchObject({ code: 'validation_failed', errors: [{ field }] });
    await accept(quiet, token).expect(201);
  });

  it.each([['"ann, bob@example.com"@example.com'], ['ann'], ['ann@example.com, bob@example.com']])(
    'cannot be sent to an invalid address: %s',
    async (email) => {
      const { admin } = await scene(quiet);
      expect((await invite(quiet, admin, { email }).expect(400)).body.code).toBe('validation_failed');
    },
  );

  describe('subject to limits', () => {
    const inviteAll = async (
      where: TestTenantPlane,
      admin: CallOptions,
      emails: readonly string[],
    ): Promise<{ sent: number; refused: { retryAfter: number; code: string; detail: string }[] }> => {
      const answers = await Promise.all(emails.map(async (email) => invite(where, admin, { email })));
      expect(answers.filter(({ status }) => ![201, 429].includes(status))).toEqual([]);
      const refused = answers
        .filter(({ status }) => status === 429)
        .map(({ headers, body }) => ({ ...body, retryAfter: Number(headers['retry-after']) }));
      return { sent: answers.length - refused.length, refused };
    };
    const people = (count: number, of = 'x'): string[] =>
      Array.from({ length: count }, (_, i) => `${of}-${i}@example.com`);

    it.each(['email', 'no email'])(
      'is refused after 20 others from its inviter within an hour, on a plane with %s',
      async (mail) => {
        const where = mail === 'email' ? plane : quiet;
        const { tenant, admin } = await scene(where);
        const { sent, refused } = await inviteAll(where, admin, people(25));
        expect([sent, refused.length, new Set(refused.map(({ code }) => code))]).toEqual([
          20,
          5,
          new Set(['too_many_attempts']),
        ]);
        expect(refused[0]?.detail).toMatch(
          /^You have reached your limit of 20 invitations per hour.* Try again in 3600 s/,
        );
        expect(refused[0]?.retryAfter).toBe(3600);
        expect(await where.audit(tenant, 'user.invited')).toHaveLength(20);
        clock.advance(3600);
        expect((await inviteAll(where, admin, people(1, 'later'))).sent).toBe(1);
      },
    );

    it('is refused after 50 others in its tenant within an hour; other tenants are unaffected', async () => {
      const { tenant, admin } = await scene(quiet);
      const admins = [admin, ...(await Promise.all([1, 2].map(() => quiet.user(tenant, 'admin'))))];
      const all = await Promise.all(admins.map((one, i) => inviteAll(quiet, one, people(20, `of-${i}`))));
      const refused = all.flatMap((one) => one.refused);
      expect([all.reduce((sum, { sent }) => sum + sent, 0), refused.length]).toEqual([50, 10]);
      for (const { detail, retryAfter } of refused) {
        expect(detail).toMatch(/^This tenant has reached its limit of 50 invitations per hour/);
        expect(retryAfter).toBe(3600);
      }
      const { admin: elsewhere } = await scene(quiet);
      expect((await inviteAll(quiet, elsewhere, people(1))).sent).toBe(1);
    });

    it('is refused after three others to its address in a day, whoever in the tenant sent them', async () => {
      const { tenant, admin } = await scene(quiet);
      const another = await quiet.user(tenant, 'admin');
      const thrice = ['ann@example.com', 'Ann@example.com', 'ANN@EXAMPLE.COM'];
      const [first, second] = await Promise.all([admin, another].map((one) => inviteAll(quiet, one, thrice)));
      const refused = [...(first?.refused ?? []), ...(second?.refused ?? [])];
      expect(refused).toHaveLength(3);
      expect(refused[0]).toMatchObject({
        detail: expect.stringMatching(/^This address has reached its limit of three invitations per day/),
        retryAfter: DAY,
      });
      const { admin: elsewhere } = await scene(quiet);
      expect((await inviteAll(quiet, elsewhere, ['ann@example.com'])).sent).toBe(1);
      clock.advance(DAY);
      const tomorrow = await quiet.user(tenant, 'admin');
      expect((await inviteAll(quiet, tomorrow, ['ann@example.com'])).sent).toBe(1);
    });

    it('does not count towards the limits if it is refused for another reason', async () => {
      const { tenant, admin } = await scene(quiet);
      await quiet.user(tenant, 'operator', { email: 'ann@example.com' });
      for (let i = 0; i < 25; i += 1)
        expect((await invite(quiet, admin).expect(409)).body.code).toBe('user_exists');
      expect(await inviteAll(quiet, admin, people(20))).toEqual({ sent: 20, refused: [] });
    });
  });

  it('does not let the invited user sign in before choosing a password', async () => {
    const { tenant, admin } = await scene(quiet);
    await invite(quiet, admin).expect(201);
    for (const password of [PASSWORD, 'x']) {
      const body = { email: 'ann@example.com', password };
      await quiet.post('/api/auth/token', body, { tenant: tenant.slug }).expect(401);
    }
  });
});
