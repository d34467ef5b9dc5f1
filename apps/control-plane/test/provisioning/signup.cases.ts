import { JobRunner } from '@atlas/jobs';
import { type ListedSignup, SIGNUP_STATUSES } from '@atlas/operator-api';
import { type AddressedLetter, Database } from '@atlas/persistence';
import { EVERY_DATABASE, type ReceivedMail, TestSmtpServer, eventually, linkIn } from '@atlas/testing';
import { decodeJwt } from 'jose';
import type supertest from 'supertest';
import { AuditEvent } from '../../src/audit/audit-event.entity';
import { MintedSignupLink } from '../../src/desired-state/minted-signup-link.entity';
import { TenantOperations } from '../../src/lifecycle/tenant-operations';
import { Mails } from '../../src/mail/mails';
import { OutgoingMail } from '../../src/mail/outgoing-mail.entity';
import { Provisioning } from '../../src/operations/provision/provisioning';
import { ProvisioningJob } from '../../src/provisioning-jobs/provisioning-job.entity';
import { TenantPlane } from '../../src/registry/tenant-plane.entity';
import { Tenant } from '../../src/registry/tenant.entity';
import { EarlierSignupToken } from '../../src/signup/earlier-signup-token.entity';
import { Signups } from '../../src/signup/signups';
import { VerifySignupMail } from '../../src/signup/verify-signup.mail';
import { Signup } from '../../src/tenants/signup.entity';
import { TestControlPlane } from '../control-plane.fixture';
import { Gate, HeldRow, lockWaits } from '../held-operator.fixture';
import { JOBS } from '../job-scene.fixture';
import { type PlaneSimulator, refusal } from '../plane-simulator.fixture';

const NOBODY = { token: null };

describe.each(EVERY_DATABASE)('signing up on %s', (driver) => {
  let smtp: TestSmtpServer;
  let plane: TestControlPlane;
  let cell: PlaneSimulator;
  beforeAll(async () => {
    smtp = await TestSmtpServer.start();
    plane = await TestControlPlane.boot(driver, { ...smtp.env, TRUSTED_PROXIES: '127.0.0.1' });
    cell = await plane.enrolledCell();
  });
  afterAll(async () => {
    await plane.close();
    await smtp.stop();
  });

  let lastAddress = 0;
  /** Request options with a new client IP address, unless one is given. */
  const from = (ip = `192.0.2.${(lastAddress += 1)}`) => ({ ...NOBODY, headers: { 'x-forwarded-for': ip } });
  const ask = (body: object, options = from()) => plane.post('/api/signup', body, options);
  const verify = (body: object, options = from()) => plane.post('/api/signup/verify', body, options);
  const look = (id: string) => plane.get(`/api/signup/${id}`, from());
  const tokenIn = (mail: ReceivedMail): string => new URL(linkIn(mail)).hash.replace('#token=', '');
  const askedWith = async (body: { email: string; organisation?: string; slug?: string }) => {
    const { body: asked } = await ask(body).expect(202);
    return { id: asked.id as string, token: tokenIn(await smtp.next()) };
  };

  it('creates a tenant and sends a welcome email once the address is verified', async () => {
    const { body: asked } = await ask({ email: 'Jo@Mail.Acme.co.uk' }).expect(202);
    const expires_at = new Date(plane.clock.now().getTime() + 86_400_000).toISOString();
    const unverified = { id: expect.any(String), status: 'unverified', slug: null, url: null, expires_at };
    expect(asked).toEqual(unverified);
    expect(await plane.count(Tenant)).toBe(0);

    const mail = await smtp.next();
    expect([mail.to, mail.subject]).toEqual([['jo@mail.acme.co.uk'], 'Confirm your address for Atlas']);
    expect(linkIn(mail)).toMatch(/^http:\/\/127\.0\.0\.1:4100\/signup\/verify#token=asu_\w+$/);
    const token = tokenIn(mail);
    expect(JSON.stringify(await plane.rows(Signup))).not.toContain(token);
    expect((await look(asked.id)).body).toEqual(asked);
    const listed = async () => (await plane.get('/api/sign-ups').expect(200)).body.items;
    const unproven = { id: asked.id, status: 'unverified', email: 'jo@mail.acme.co.uk', tenant: null };
    expect(await listed()).toMatchObject([unproven]);

    const verified = await verify({ token }).expect(202);
    const shown = { ...unverified, status: 'provisioning', slug: 'acme', url: 'https://acme.atlas.example' };
    expect(verified.body).toEqual(shown);
    const [tenant] = (await plane.rows(Tenant, { slug: 'acme' })) as [Tenant];
    expect(tenant).toMatchObject({
      source: 'signup',
      name: 'acme',
      adminEmail: 'jo@mail.acme.co.uk',
      deploymentModel: 'shared',
      plan: 'core',
    });
    await cell.serve(tenant.id);
    await plane.sweep();
    expect((await look(asked.id)).body).toEqual({ ...shown, status: 'active' });
    const known = { id: tenant.id, slug: 'acme' };
    expect(await listed()).toMatchObject([{ ...unproven, status: 'active', tenant: known }]);
    const welcome = await smtp.next();
    expect([welcome.to, welcome.subject]).toEqual([
      ['jo@mail.acme.co.uk'],
      'Welcome to Atlas: acme is ready',
    ]);
    expect(linkIn(welcome)).toMatch(/^https:\/\/acme\.atlas\.example\/signup#token=eyJ/);
    expect(await plane.rows(MintedSignupLink, { tenantId: tenant.id })).toMatchObject([
      {
        jti: decodeJwt(tokenIn(welcome)).jti,
        tenantPlaneId: cell.id,
        issuedBy: null,
        issuedWith: null,
        revokedAt: null,
      },
    ]);
    expect(await plane.rows(AuditEvent, { targetId: asked.id })).toMatchObject([
      { action: 'signup.verified', actorKind: 'signup', actorId: asked.id, after: { tenant_id: tenant.id } },
    ]);
    // Using the link again, for example after a lost response, creates nothing more.
    expect((await verify({ token }).expect(202)).body).toEqual({ ...shown, status: 'active' });
    expect(await plane.count(Tenant, { adminEmail: 'jo@mail.acme.co.uk' })).toBe(1);
    await eventually(async () => (await plane.count(OutgoingMail)) === 0, { what: 'all emails are sent' });
  });

  it('are listed by status, page by page', async () => {
    const asked = async (name: string) => askedWith({ email: `ann@${name}.example` });
    const verified = async (name: string) => {
      await verify({ token: (await asked(name)).token }).expect(202);
      return { adminEmail: `ann@${name}.example` };
    };
    await asked('open');
    await plane.change(Signup, { id: (await asked('over')).id }, { expiresAt: plane.clock.now() });
    await verified('coming');
    await plane.change(Tenant, await verified('stands'), { status: 'suspended' });
    await plane.change(Tenant, await verified('stopped'), { status: 'failed' });
    const every = (await plane.get('/api/sign-ups?limit=200').expect(200)).body.items as ListedSignup[];
    for (const status of SIGNUP_STATUSES) {
      const expected = every.filter((one) => one.status === status);
      expect(expected.length).toBeGreaterThan(0);
      const listed: ListedSignup[] = [];
      for (let more = ''; listed.length <= expected.length;) {
        const { body } = await plane.get(`/api/sign-ups?limit=1&status=${status}${more}`).expect(200);
        listed.push(...body.items);
        if (body.next_cursor === null) break;
        more = `&cursor=${body.next_cursor}`;
      }
      expect(listed).toEqual(expected);
    }
    expect(refusal(await plane.get('/api/sign-ups?status=odd'))).toEqual([400, 'validation_failed']);
  });

  it('derives a free slug from the name of the organisation', async () => {
    for (const slug of ['big-co', 'big-co-2', 'big-co-3']) {
      const { token } = await askedWith({ email: `admin@${slug}.example`, organisation: 'Big Co!' });
      expect((await verify({ token }).expect(202)).body).toMatchObject({ slug });
    }
  });

  it('uses the requested slug or, if the slug is taken, says so without using up the link', async () => {
    const one = await askedWith({ email: 'one@gmail.com', slug: 'wanted' });
    const other = await askedWith({ email: 'other@gmail.com', slug: 'wanted' });
    expect((await verify({ token: one.token }).expect(202)).body).toMatchObject({ slug: 'wanted' });
    expect(refusal(await verify({ token: other.token }))).toEqual([409, 'slug_taken']);
    expect((await verify({ token: other.token, slug: 'wanted-too' }).expect(202)).body.slug).toBe(
      'wanted-too',
    );
  });

  it('returns the same response if the address already has a tenant, and says so only by email', async () => {
    const { token } = await askedWith({ email: 'twice@twice.example' });
    const second = await askedWith({ email: 'twice@twice.example' });
    await verify({ token }).expect(202);
    // The link proves that the caller owns the address.
    expect(refusal(await verify({ token: second.token }))).toEqual([409, 'already_signed_up']);
    const [known, unknown] = [
      await ask({ email: 'twice@twice.example' }),
      await ask({ email: 'once@once.example' }),
    ];
    const blank = (answer: { status: number; body: { id: string } }) => [
      answer.status,
      { ...answer.body, id: '' },
    ];
    expect(blank(known)).toEqual(blank(unknown));
    const mails = [await smtp.next(), await smtp.next()];
    expect(mails.map(({ to, subject }) => [to[0], subject])).toEqual([
      ['twice@twice.example', 'You already have an Atlas tenant'],
      ['once@once.example', 'Confirm your address for Atlas'],
    ]);
    expect(linkIn(mails[0] as ReceivedMail)).toBe('https://twice.atlas.example');
    expect((await look(known.body.id)).body.status).toBe('unverified');
  });

  it('creates one tenant when two links are used at the same time', async () => {
    const links = [
      await askedWith({ email: 'race@race.example' }),
      await askedWith({ email: 'race@race.example' }),
    ];
    const answers = await Promise.all([...links, ...links].map(({ token }) => verify({ token })));
    expect(answers.map(({ status }) => status).sort()).toEqual([202, 202, 409, 409]);
    expect(await plane.count(Tenant, { adminEmail: 'race@race.example' })).toBe(1);
  });

  describe('a second time with the same address', () => {
    const tenantsOf = async (adminEmail: string) =>
      (await plane.rows(Tenant, { adminEmail })).map(({ slug, status }) => `${slug} ${status}`).sort();
    /** Signs up with the address, and cancels the provisioning of its first tenant. */
    const stopped = async (email: string) => {
      const { id, token } = await askedWith({ email });
      await verify({ token }).expect(202);
      const [tenant] = (await plane.rows(Tenant, { adminEmail: email })) as [Tenant];
      const [job] = (await plane.rows(ProvisioningJob, { tenantId: tenant.id })) as [ProvisioningJob];
      await plane.post(`${JOBS}/${job.id}/cancel`).expect(202);
      return { id, tenant, act: (action: string) => plane.post(`${JOBS}/${job.id}/${action}`) };
    };

    it('creates a new tenant if the first has failed; the first can then only be rolled back', async () => {
      const email = 'anew@anew.example';
      const { act } = await stopped(email);
      const { token } = await askedWith({ email });
      await verify({ token }).expect(202);
      const refused = await act('retry');
      expect([...refusal(refused), refused.body.detail]).toEqual([
        409,
        'invalid_transition',
        expect.stringMatching(/"anew-2".*roll this job back/),
      ]);
      expect(await tenantsOf(email)).toEqual(['anew failed', 'anew-2 provisioning']);
      await act('rollback').expect(202);
      await eventually(async () => (await tenantsOf(email))[0] === 'anew deleted');
    });

    it('is refused while the failed first tenant is being retried', async () => {
      const email = 'mended@mended.example';
      const { act } = await stopped(email);
      const { token } = await askedWith({ email });
      await act('retry').expect(202);
      expect(refusal(await verify({ token }))).toEqual([409, 'already_signed_up']);
    });

    it('succeeds only if a concurrent retry of the failed first tenant is refused', async () => {
      const email = 'both@both.example';
      const { act } = await stopped(email);
      const { id, token } = await askedWith({ email });
      await using held = await HeldRow.hold(plane, Signup, id);
      const answers = [act('retry').then(), verify({ token }).then()];
      await held.untilWaiting(2);
      await held.release();
      const statuses = (await Promise.all(answers)).map(({ status }) => status);
      expect(statuses.sort()).toEqual([202, 409]);
    });

    it('creates a new tenant if the first is being deprovisioned', async () => {
      const email = 'leaving@leaving.example';
      const { id, tenant } = await stopped(email);
      await plane.change(Tenant, { id: tenant.id }, { status: 'deprovisioning' });
      expect((await look(id)).body.status).toBe('failed');
      const { token } = await askedWith({ email });
      expect((await verify({ token }).expect(202)).body.slug).toBe('leaving-2');
    });

    /** Runs `work` while no worker runs jobs. */
    const whileQueued = async <T>(work: () => Promise<T>): Promise<T> => {
      const runner = jest.spyOn(plane.app.get(JobRunner), 'advance').mockResolvedValue();
      try {
        return await work();
      } finally {
        runner.mockRestore();
      }
    };
    /** Signs up with the address, and cancels the deprovisioning of its first tenant halfway. */
    const leaving = async (email: string) => {
      const { id, slug } = (await stopped(email)).tenant;
      await plane.change(Tenant, { id }, { status: 'active', activeAt: plane.clock.now() });
      const path = `/api/tenants/${id}`;
      const jobId = await whileQueued(async () => {
        const { body } = await plane.post(`${path}/deprovision`, { confirm_slug: slug }).expect(202);
        await plane.change(Tenant, { id }, { status: 'deprovisioning' });
        const [job] = (await plane.rows(ProvisioningJob, { id: body.job.id })) as [ProvisioningJob];
        const steps = job.steps.map((step, index) =>
          index === 0 ? { ...step, status: 'done' as const } : step,
        );
        await plane.change(ProvisioningJob, { id: job.id }, { steps });
        await plane.post(`${JOBS}/${body.job.id}/cancel`).expect(202);
        return body.job.id as string;
      });
      const again = await askedWith({ email });
      return {
        email,
        again,
        signUp: () => verify({ token: again.token }),
        act: (action: string) => plane.post(`${JOBS}/${jobId}/${action}`),
        close: () => plane.change(Tenant, { id }, { restorableUntil: new Date(2100, 0) }),
        restore: (query = '') => plane.post(`${path}/restore${query}`),
      };
    };

    it("prevents a rollback of the first tenant's deprovisioning", async () => {
      const { email, act, signUp } = await leaving('either@either.example');
      await signUp().expect(202);
      const refused = await act('rollback');
      expect([...refusal(refused), refused.body.detail]).toEqual([
        409,
        'invalid_transition',
        expect.stringMatching(/"either-2".*retry this job.*deprovision "either-2"/),
      ]);
      await act('retry').expect(202);
      expect(await tenantsOf(email)).toEqual(['either deprovisioning', 'either-2 provisioning']);
    });

    it("is refused once the first tenant's deprovisioning is being rolled back", async () => {
      const { email, act, signUp } = await leaving('back@back.example');
      await whileQueued(async () => {
        await act('rollback').expect(202);
        expect(refusal(await signUp())).toEqual([409, 'already_signed_up']);
      });
      await plane.sweep();
      await eventually(async () => (await tenantsOf(email))[0] === 'back active');
      expect(refusal(await signUp())).toEqual([409, 'already_signed_up']);
    });

    it('prevents a restore of the deprovisioned first tenant', async () => {
      const { signUp, close, restore } = await leaving('gone@gone.example');
      await close();
      await signUp().expect(202);
      for (const query of ['?dry_run=true', '']) {
        const refused = await restore(query);
        expect([...refusal(refused), refused.body.detail]).toEqual([
          409,
          'not_restorable',
          expect.stringMatching(/"gone-2".*Deprovision "gone-2" first/),
        ]);
      }
    });

    it('is refused while the first tenant is being restored', async () => {
      const { signUp, close, restore } = await leaving('restored@restored.example');
      await close();
      await whileQueued(async () => {
        await restore().expect(202);
        expect(refusal(await signUp())).toEqual([409, 'already_signed_up']);
      });
    });

    it.each<[string, string, (tenant: Awaited<ReturnType<typeof leaving>>) => supertest.Test]>([
      [
        "rollback of the first tenant's deprovisioning",
        'undecided@undecided.example',
        ({ act }) => act('rollback'),
      ],
      ['restore of the first tenant', 'unsure@unsure.example', ({ restore }) => restore()],
    ])('succeeds only if a concurrent %s is refused', async (_, email, bringBack) => {
      const tenant = await leaving(email);
      await tenant.close();
      await using held = await HeldRow.hold(plane, Signup, tenant.again.id);
      const answers = [bringBack(tenant).then(), tenant.signUp().then()];
      await held.untilWaiting(2);
      await held.release();
      const statuses = (await Promise.all(answers)).map(({ status }) => status);
      expect(statuses.sort()).toEqual([202, 409]);
    });

    // SQLite serialises writers, so no one can sign up during the restore's transaction.
    if (driver === 'postgres')
      it('is refused while the first tenant is being restored, even if its sign-up is deleted', async () => {
        const { email, close, restore } = await leaving('forgotten@forgotten.example');
        await close();
        await plane.remove(Signup, { email });
        const [reached, free] = [new Gate(), new Gate()];
        const operations = plane.app.get(TenantOperations);
        const start = operations.start.bind(operations);
        jest.spyOn(operations, 'start').mockImplementationOnce(async (...given) => {
          reached.open();
          await free.opened;
          return start(...given);
        });
        await whileQueued(async () => {
          const restoring = restore().then();
          await reached.opened;
          const { token } = await askedWith({ email });
          const verifying = verify({ token }).then();
          const isWaiting = async () => (await lockWaits(plane.app.get(Database))) > 0;
          await Promise.race([verifying, eventually(isWaiting, { everyMs: 5 })]);
          free.open();
          expect((await restoring).status).toBe(202);
          expect(refusal(await verifying)).toEqual([409, 'already_signed_up']);
        });
      });
  });

  describe('with an email that is sent again', () => {
    const send = (id: string) =>
      plane.app
        .get(Database)
        .write((manager) => plane.app.get(VerifySignupMail).write({ manager }, { signup_id: id }));
    const tokenOf = (letter: AddressedLetter | null) =>
      new URL(letter?.action?.url ?? '').hash.replace('#token=', '');
    const isWaiting = async () => (await lockWaits(plane.app.get(Database))) > 0;

    it('works with the link in each copy, and creates only one tenant', async () => {
      const { id, token } = await askedWith({ email: 'copied@copied.example' });
      const [second, third] = [tokenOf(await send(id)), tokenOf(await send(id))];
      for (const copy of [second, token, third])
        expect((await verify({ token: copy }).expect(202)).body).toMatchObject({ id, slug: 'copied' });
      expect(await plane.count(Tenant, { adminEmail: 'copied@copied.example' })).toBe(1);
    });

    it('keeps a link valid, and sends no further email, while that link is being used', async () => {
      const { id, token } = await askedWith({ email: 'opened@opened.example' });
      const provisioning = plane.app.get(Provisioning);
      const start = provisioning.start.bind(provisioning);
      const [reached, free] = [new Gate(), new Gate()];
      jest.spyOn(provisioning, 'start').mockImplementationOnce(async (...given) => {
        reached.open();
        await free.opened;
        return start(...given);
      });
      const opened = verify({ token }).then(({ status }) => status);
      await reached.opened;
      const sending = send(id);
      if (driver === 'postgres') await eventually(isWaiting, { everyMs: 5 });
      free.open();
      expect([await opened, await sending]).toEqual([202, null]);
      await verify({ token }).expect(202);
    });

    // SQLite serialises writers, so this race cannot occur there.
    (driver === 'postgres' ? it : it.skip)(
      'keeps the link in the first email valid, even if used while another email is being created',
      async () => {
        const { id, token } = await askedWith({ email: 'resent@resent.example' });
        const opened = await plane.app.get(Database).write(async () => {
          await send(id);
          const opening = verify({ token }).then(({ status }) => status);
          await eventually(isWaiting, { everyMs: 5 });
          return { opening };
        });
        expect(await opened.opening).toBe(202);
      },
    );
  });

  it('is refused with a link that is malformed, unknown or a day old', async () => {
    const { id, token } = await askedWith({ email: 'late@late.example' });
    for (const wrong of ['x', `${token}x`, token.replace(/.$/, (last) => (last === 'a' ? 'b' : 'a'))])
      expect(refusal(await verify({ token: wrong }))).toEqual([404, 'signup_link_unknown']);
    plane.clock.advance(86_400);
    expect(refusal(await verify({ token }))).toEqual([410, 'signup_expired']);
    expect((await look(id)).body.status).toBe('expired');
    expect(await plane.count(Tenant, { slug: 'late' })).toBe(0);
    expect(refusal(await look('01a21853-b26b-7a79-91d9-4a50cfd27ca0'))).toEqual([404, 'not_found']);
  });

  it('does not use up a link while no cell has room', async () => {
    const { token } = await askedWith({ email: 'full@full.example' });
    const [{ placed }] = (await plane.rows(TenantPlane, { id: cell.id })) as [TenantPlane];
    await plane.change(TenantPlane, { id: cell.id }, { capacity: placed });
    const answer = await verify({ token });
    expect([refusal(answer), answer.headers['retry-after']]).toEqual([[503, 'no_capacity'], '60']);
    await plane.change(TenantPlane, { id: cell.id }, { capacity: 1000 });
    await verify({ token }).expect(202);
  });

  it.each([
    [{}, 'email'],
    [{ email: 'nobody' }, 'email'],
    [{ email: 'jo@gmail.com' }, 'organisation'],
    [{ email: 'jo@gmail.com', organisation: '日本' }, 'organisation'],
    [{ email: 'jo@acme.com', slug: 'Admin' }, 'slug'],
    [{ email: 'jo@acme.com', plan: 'enterprise' }, 'plan'],
  ])('is refused with the body %j', async (body, field) => {
    const answer = await ask(body);
    expect(refusal(answer)).toEqual([400, 'validation_failed']);
    expect(answer.body.errors[0].field).toBe(field);
  });

  it('emails an address at most three times an hour, without revealing the limit', async () => {
    for (let time = 0; time < 5; time++) await ask({ email: 'flooded@flooded.example' }).expect(202);
    await ask({ email: 'next@next.example' }).expect(202);
    const to = [];
    while (to.at(-1) !== 'next@next.example') to.push((await smtp.next()).to[0]);
    expect(to).toEqual([...Array<string>(3).fill('flooded@flooded.example'), 'next@next.example']);
  });

  it('counts only emails that were queued, so failed requests do not use up the limit', async () => {
    const lost = jest.spyOn(plane.app.get(Mails), 'add').mockRejectedValue(new Error('connection lost'));
    const email = 'unlucky@unlucky.example';
    for (let time = 0; time < 3; time++) await ask({ email }).expect(500);
    lost.mockRestore();
    await ask({ email }).expect(202);
    await ask({ email: 'after@after.example' }).expect(202);
    for (const to of [email, 'after@after.example']) expect((await smtp.next()).to).toEqual([to]);
  });

  it('is limited to ten requests per hour per IP address', async () => {
    const again = () => ask({ email: 'jo@gmail.com', slug: 'greedy' }, from('198.51.100.7'));
    for (let time = 0; time < 10; time++) await again().expect(202);
    const answer = await again();
    expect(refusal(answer)).toEqual([429, 'too_many_attempts']);
    expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0);
    plane.clock.advance(3601);
    await again().expect(202);
  });

  it('creates records that are deleted a month after the link expires', async () => {
    const [rows, copies] = [await plane.count(Signup), await plane.count(EarlierSignupToken)];
    plane.clock.advance(32 * 86_400);
    await plane.app.get(Signups).sweep();
    expect([rows > 10, copies > 1]).toEqual([true, true]);
    expect([await plane.count(Signup), await plane.count(EarlierSignupToken)]).toEqual([0, 0]);
  });
});

describe.each([
  [
    'has closed sign-up',
    'closed',
    { SIGNUP_CLOSED: '1', SMTP_URL: 'smtp://127.0.0.1:1', MAIL_FROM: 'atlas@example.com' },
  ],
  ['cannot send email', 'mail_off', {}],
])('signing up with a Control Plane that %s', (_, sign_up, env) => {
  it('is refused, and the pages can say so before', async () => {
    const plane = await TestControlPlane.boot('sqlite', env);
    try {
      const options = await plane.get('/api/sign-in-options', NOBODY).expect(200);
      expect(options.body).toEqual({ single_sign_on: false, sign_up });
      const answer = await plane.post('/api/signup', { email: 'jo@acme.com' }, NOBODY);
      expect(refusal(answer)).toEqual([403, 'signup_closed']);
    } finally {
      await plane.close();
    }
  });
});
