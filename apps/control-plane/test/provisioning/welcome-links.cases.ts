import { EVERY_DATABASE, TestSmtpServer, eventually, linkIn } from '@atlas/testing';
import { decodeJwt } from 'jose';
import type supertest from 'supertest';
import { AuditEvent } from '../../src/audit/audit-event.entity';
import { MintedSignupLink } from '../../src/desired-state/minted-signup-link.entity';
import { Tenant } from '../../src/registry/tenant.entity';
import { Signup } from '../../src/tenants/signup.entity';
import { TestControlPlane } from '../control-plane.fixture';
import { type PlaneSimulator, refusal } from '../plane-simulator.fixture';

const SAME_ORIGIN = { 'sec-fetch-site': 'same-origin' };

describe.each(EVERY_DATABASE)('signing up in a browser on %s', (driver) => {
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
  /** Request options without an operator, with a new client IP address. */
  const from = () => {
    const ip = `192.0.2.${(lastAddress += 1)}`;
    return { token: null, headers: { host: 'atlas.localhost:4100', 'x-forwarded-for': ip } };
  };
  const ask = (body: object) => plane.post('/api/signup', body, from());
  const verify = (body: object) => plane.post('/api/signup/verify', body, from());
  const look = (id: string) => plane.get(`/api/signup/${id}`, from());
  const askedWith = async (body: { email: string }) => {
    const { body: asked } = await ask(body).expect(202);
    const mail = await eventually(() => smtp.mails.find(({ to }) => to.includes(body.email)));
    return { id: asked.id as string, token: new URL(linkIn(mail)).hash.replace('#token=', '') };
  };
  const cookieOf = (answer: supertest.Response) =>
    /^atlas_signup=[^;]*/.exec(answer.headers['set-cookie']?.[0] ?? '')?.[0];
  /** Asks for the welcome link with the cookie of that browser. */
  const welcome = (id: string, cookie?: string, headers: object = SAME_ORIGIN) =>
    plane.post(`/api/signup/${id}/welcome-link`, undefined, {
      token: null,
      headers: { ...from().headers, ...headers, ...(cookie && { cookie }) },
    });
  const confirmed = async (email: string) => {
    const { id, token } = await askedWith({ email });
    const answer = await verify({ token }).expect(202);
    const [{ tenantId }] = (await plane.rows(Signup, { id })) as [Signup];
    return { id, token, cookie: cookieOf(answer), answer, tenantId: tenantId as string };
  };
  /** Like {@link confirmed}, and waits until the tenant is active. */
  const served = async (email: string) => {
    const signup = await confirmed(email);
    await cell.serve(signup.tenantId);
    await plane.sweep();
    await eventually(async () => (await look(signup.id)).body.status === 'active');
    return signup;
  };

  it('shows the welcome link to the browser that confirmed the address, once there is a tenant', async () => {
    const { id, cookie = '', answer, tenantId } = await confirmed('here@here.example');
    expect(answer.headers['set-cookie']).toEqual([
      expect.stringMatching(/^atlas_signup=asb_\w+; Path=\/; HttpOnly; SameSite=Lax$/),
    ]);
    const early = await welcome(id, cookie);
    expect([refusal(early), early.body.detail]).toEqual([
      [409, 'signup_not_ready'],
      expect.stringContaining('still being provisioned'),
    ]);
    await cell.serve(tenantId);
    await plane.sweep();
    const { body, headers } = await welcome(id, cookie).expect(201);
    expect(body.url).toMatch(/^https:\/\/here\.atlas\.example\/signup#token=eyJ/);
    expect(headers['cache-control']).toBe('no-store');
    const { jti, email } = decodeJwt(new URL(body.url).hash.replace('#token=', ''));
    expect(email).toBe('here@here.example');
    expect(await plane.rows(MintedSignupLink, { jti })).toMatchObject([{ tenantId, issuedBy: null }]);
    const audited = { action: 'tenant.signup_link_created', targetId: tenantId };
    expect(await plane.rows(AuditEvent, audited)).toMatchObject([{ actorKind: 'signup', actorId: id }]);
    const secret = cookie.replace('atlas_signup=', '');
    const stored = [await plane.rows(Signup, { id }), await plane.rows(AuditEvent)];
    expect(JSON.stringify(stored)).not.toContain(secret);
    expect(JSON.stringify((await look(id)).body)).not.toContain('token');
  });

  it('shows no link to another browser, even to one that opens the confirmation link again', async () => {
    const { id, token, cookie = '' } = await served('mine@mine.example');
    const other = await served('theirs@theirs.example');
    const again = await verify({ token }).expect(202);
    expect(cookieOf(again)).toBeUndefined();
    const unknown = '01a21853-b26b-7a79-91d9-4a50cfd27ca0';
    const answers = [
      await welcome(id),
      await welcome(id, other.cookie),
      await welcome(id, `${cookie}x`),
      await welcome(id, 'atlas_signup='),
      await welcome(unknown, cookie),
    ];
    for (const answer of answers) {
      expect(refusal(answer)).toEqual([404, 'not_found']);
      expect(answer.body.detail).toBe(answers[0]?.body.detail);
    }
    // A browser that only asked for the tenant gets no cookie.
    expect(cookieOf(await ask({ email: 'asks@asks.example' }).expect(202))).toBeUndefined();
    await welcome(id, cookie).expect(201);
  });

  it('refuses calls that the page of another site triggers', async () => {
    const { id, cookie } = await served('lured@lured.example');
    for (const headers of [{}, { 'sec-fetch-site': 'cross-site' }, { origin: 'https://evil.example' }])
      expect(refusal(await welcome(id, cookie, headers))).toEqual([403, 'csrf_refused']);
  });

  it('gives only one of two concurrent browsers the link', async () => {
    const { id, token } = await askedWith({ email: 'both@both.example' });
    const answers = await Promise.all([verify({ token }), verify({ token })]);
    expect(answers.map(({ status }) => status)).toEqual([202, 202]);
    const cookies = answers.flatMap((answer) => cookieOf(answer) ?? []);
    expect(cookies).toHaveLength(1);
    const [{ tenantId }] = (await plane.rows(Signup, { id })) as [Signup];
    await cell.serve(tenantId as string);
    await plane.sweep();
    const links = await Promise.all([welcome(id, cookies[0]), welcome(id, cookies[0])]);
    expect(links.map(({ status }) => status)).toEqual([201, 201]);
  });

  it('shows at most five links, within a day, while the tenant is active', async () => {
    const { id, cookie, tenantId } = await served('often@often.example');
    await plane.change(Tenant, { id: tenantId }, { status: 'suspended' });
    expect(refusal(await welcome(id, cookie))).toEqual([409, 'signup_not_ready']);
    await plane.change(Tenant, { id: tenantId }, { status: 'active' });
    for (let time = 0; time < 5; time++) await welcome(id, cookie).expect(201);
    expect(refusal(await welcome(id, cookie))).toEqual([429, 'too_many_attempts']);
    plane.clock.advance(86_400);
    expect(refusal(await welcome(id, cookie))).toEqual([410, 'signup_expired']);
  });
});
