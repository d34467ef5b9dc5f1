import { profileOf } from '@atlas/deployment-profiles';
import {
  ADMIN_PASSWORD,
  type ReceivedMail,
  type SessionView,
  TestSmtpServer,
  databasesOfLongSuite,
  eventually,
  linkIn,
  request,
} from '@atlas/testing';
import { type BothPlanes, startBothPlanes } from './both-planes.fixture';
import { OperatorsShell } from './operators-shell.fixture';
import { OngoingCalls } from './ongoing-calls.fixture';
import { QUICK_ROTATION, SERVICE_SECRET, SecretRotation } from './secret-rotation.fixture';

jest.setTimeout(60_000);

/** How often something is timed. The best round counts, because a busy machine delays some. */
const ROUNDS = 3;

describe.each(databasesOfLongSuite('sqlite'))('both planes running on %s', (driver) => {
  let smtp: TestSmtpServer;
  let planes: BothPlanes;
  let shell: OperatorsShell;
  /** A rotation that is in progress while the other tests run. */
  let rotation: SecretRotation;
  let calls: OngoingCalls;
  beforeAll(async () => {
    smtp = await TestSmtpServer.start();
    planes = await startBothPlanes(driver, { ...QUICK_ROTATION, ...smtp.env }, smtp.env);
    shell = new OperatorsShell(planes.stack);
    calls = await OngoingCalls.begin(planes.stack);
    rotation = await SecretRotation.begin(planes);
  });
  afterAll(async () => {
    shell.endAll();
    await planes.stop();
    await smtp.stop();
  });

  const mailTo = async (address: string): Promise<ReceivedMail> => {
    for (;;) {
      const mail = await smtp.next();
      if (mail.to.includes(address)) return mail;
    }
  };

  /**
   * Requests a tenant whose job waits for the customer's plane. The job fails once `revoke` has revoked the
   * plane's token.
   */
  async function expectedTenant(slug: string): Promise<{ jobId: string; revoke(): Promise<unknown> }> {
    const { body } = await planes.stack.provision(slug, { body: { deployment_model: 'on_prem' } });
    const path = `/api/tenants/${body.tenant.id}/provisioning-tokens/${body.install?.token_id}`;
    return { jobId: body.job.id, revoke: () => planes.stack.api(path, { method: 'DELETE' }) };
  }

  it('provision, within two seconds, a tenant that a user can sign in to', async () => {
    const { stack } = planes;
    const { tenant, session } = await stack.tenantWithAdmin('acme');
    expect(session.user).toMatchObject({ email: 'admin@acme.example.com', role: 'admin' });
    const incident = { title: 'Disk is full', severity: 'P2' };
    const created = await stack.tenant(tenant.id, '/api/incidents', {
      body: incident,
      session: session.token,
    });
    expect(created).toMatchObject({
      status: 201,
      body: { ...incident, number: 'INC-00000001', status: 'open' },
    });
    const tenants = [tenant];
    while (tenants.length < ROUNDS) {
      const { body } = await stack.provision(`acme-${tenants.length}`);
      tenants.push(await stack.awaitActive(body.tenant.id));
    }
    const took = tenants.map((one) => Date.parse(one.active_at ?? '') - Date.parse(one.created_at));
    expect(Math.min(...took)).toBeLessThan(2000);
  });

  it('sign up a new visitor who has only an email address', async () => {
    const { stack } = planes;
    const email = 'jo@stranger.example';
    const tokenIn = async (subject: RegExp): Promise<string> => {
      const mail = await mailTo(email);
      expect(mail.subject).toMatch(subject);
      return new URL(linkIn(mail)).hash.replace('#token=', '');
    };
    const ask = (path: string, body: object) =>
      request(`${stack.controlPlane.url}/api/signup${path}`, { body });
    expect((await ask('', { email })).status).toBe(202);
    expect((await ask('/verify', { token: await tokenIn(/^Confirm/) })).body).toMatchObject({
      slug: 'stranger',
    });
    const body = { token: await tokenIn(/^Welcome to Atlas: stranger/), password: ADMIN_PASSWORD };
    const { body: session } = await stack.tenant<SessionView>('stranger', '/api/auth/signup-exchange', {
      body,
    });
    expect(session.user).toMatchObject({ email, role: 'admin' });
    const me = await stack.tenant('stranger', '/api/auth/me', { session: session.token });
    expect(me).toMatchObject({ status: 200, body: { user: { email } } });
  });

  it('let invited users of every role sign in, even after they have reset their passwords', async () => {
    const { stack } = planes;
    const { tenant, session } = await stack.tenantWithAdmin('inviting');
    const call = (path: string, body?: object, token?: string) =>
      stack.tenant<SessionView & { code: string }>(tenant.slug, path, { body, session: token });
    const mailed = async (email: string, path: string): Promise<string> => {
      const link = linkIn(await mailTo(email));
      expect(link).toMatch(`${tenant.url}${path}#token=`);
      return link.split('#token=')[1] ?? '';
    };
    const mayAsOperator = { operator: [200, 403], fulfiller: [403, 403], requester: [403, 403] };
    for (const [role, [users, audit]] of Object.entries(mayAsOperator)) {
      const email = `${role}@example.com`;
      const login = (password: string) => call('/api/auth/token', { email, password });
      expect((await call('/api/auth/invite', { email, role }, session.token)).status).toBe(201);
      const token = await mailed(email, '/signup');
      expect((await call('/api/auth/signup-exchange', { token, password: ADMIN_PASSWORD })).status).toBe(201);
      const { body: own } = await login(ADMIN_PASSWORD);
      expect(own.user).toMatchObject({ email, role });
      expect((await call('/api/users', undefined, own.token)).status).toBe(users);
      expect((await call('/api/audit', undefined, own.token)).status).toBe(audit);

      expect((await call('/api/auth/forgot-password', { email })).status).toBe(202);
      const password = `${ADMIN_PASSWORD}, and another`;
      const reset = { token: await mailed(email, '/reset-password'), password };
      expect((await call('/api/auth/reset-password', reset)).status).toBe(200);
      expect((await call('/api/auth/me', undefined, own.token)).status).toBe(401);
      expect((await login(ADMIN_PASSWORD)).status).toBe(401);
      expect((await login(password)).status).toBe(200);
      expect((await mailTo(email)).subject).toContain('was changed');
    }
  });

  it('show each provisioning step as it happens', async () => {
    const { stack } = planes;
    const { body } = await stack.provision('watched');
    const events = await fetch(`${stack.controlPlane.url}/api/provisioning-jobs/${body.job.id}/events`, {
      headers: { authorization: `Bearer ${stack.apiKey}` },
    });
    const text = await events.text();
    const names = [...text.matchAll(/^event: step\ndata: .*"name":"([^"]+)","status":"done"/gm)].map(
      (match) => match[1],
    );
    expect(names).toEqual(profileOf('shared').provisioning.steps);
    expect(text).toMatch(/event: done\ndata: .*"status":"succeeded"/);
  });

  it('suspend a tenant within two seconds, and resume it with its data and sessions', async () => {
    const { stack } = planes;
    const { tenant, session } = await stack.tenantWithAdmin('unpaid');
    const list = () => stack.tenant('unpaid', '/api/incidents', { session: session.token });
    const shows = (status: number, what: string) =>
      eventually(async () => (await list()).status === status, { what });
    /** Resolves once the operation is accepted, with the time at which it was requested. */
    const begin = (operation: string): Promise<number> =>
      eventually(async () => {
        const startedAt = Date.now();
        const { status } = await stack.api(`/api/tenants/${tenant.id}/${operation}`, { body: {} });
        return status === 202 && startedAt;
      });
    const took: number[] = [];
    while (took.length < ROUNDS) {
      const startedAt = await begin('suspend');
      await shows(403, 'the tenant is suspended');
      took.push(Date.now() - startedAt);
      expect((await list()).body).toMatchObject({ code: 'tenant_suspended' });
      await begin('resume');
      await shows(200, 'the session works again');
    }
    expect(Math.min(...took)).toBeLessThan(2000);
  });

  it('can be operated from the command line, which shows each step', async () => {
    const tenant = ['--name', 'From the shell', '--slug', 'from-the-shell', '--admin-email', 'a@example.com'];
    const rehearsal = await shell.atlas('provision', ...tenant, '--model', 'shared', '--dry-run');
    expect(rehearsal).toMatchObject({
      code: 0,
      out: expect.stringMatching(/nothing was changed[^]* 1\. reserve-place/),
    });
    const provisioned = await shell.atlas('provision', ...tenant, '--model', 'shared');
    expect(provisioned).toMatchObject({ code: 0, err: '' });
    const done = [...provisioned.out.matchAll(/^ {2}✓ (\S+)/gm)].map(([, name]) => name);
    expect(done).toEqual(profileOf('shared').provisioning.steps);
    const suspended = await shell.atlas('suspend', 'from-the-shell', '--reason', 'unpaid', '--json');
    const events = suspended.out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { event: string });
    expect(events.at(0)).toMatchObject({ event: 'accepted', tenant: { slug: 'from-the-shell' } });
    expect(events.at(-1)).toMatchObject({ event: 'done', operation: 'suspend', status: 'succeeded' });
    expect(await shell.atlas('resume', 'from-the-shell')).toMatchObject({ code: 0 });
    const [jobs, audit] = await Promise.all([shell.atlas('jobs'), shell.atlas('audit')]);
    expect(jobs.out).toMatch(/^\S+ +suspend +from-the-shell +succeeded/m);
    expect(audit.out).toMatch(/^\S+ +tenant\.suspend +from-the-shell +tenant /m);
    const [known, unknown] = await Promise.all([
      shell.atlas('tenants', '--status', 'active', '--model', 'shared'),
      shell.start(['tenants'], 'aok_of_somebody').ended,
    ]);
    expect(known.out).toMatch(/^from-the-shell +active +shared/m);
    expect(unknown).toMatchObject({
      code: 3,
      out: '',
      err: expect.stringContaining('Check that the API key is correct'),
    });
  });

  it('explain on the command line why a job failed, and undo the job', async () => {
    const { jobId, revoke } = await expectedTenant('late');
    const watched = shell.start(['job', jobId]);
    await watched.shows(/await-enrolment +waiting .* waits for the enrolment of the tenant plane/);
    watched.child.kill('SIGINT');
    const again = expect.stringContaining(`Watch it again: atlas job ${jobId}`);
    expect(await watched.ended).toMatchObject({ code: 130, err: again });
    const watchedAgain = shell.start(['job', jobId]);
    await watchedAgain.shows(/await-enrolment +waiting/);
    await revoke();
    const { code, err } = await watchedAgain.ended;
    expect(code).toBe(1);
    expect(err).toMatch(
      /failed at await-enrolment[^]*enrolment_overdue \(operator\): There is no live provisioning token/,
    );
    expect(err).toMatch(/There is no live provisioning token[^]*Operator: issue a new token/);
    expect(err).toContain(`atlas retry ${jobId}`);
    const undone = await shell.atlas('rollback', jobId);
    expect(undone).toMatchObject({ code: 0, out: expect.stringContaining('Everything was undone.') });
  });

  it("refuse a session in another tenant, and audit the attempt in the session's own tenant", async () => {
    const { stack } = planes;
    const [own, other] = [await stack.tenantWithAdmin('own'), await stack.tenantWithAdmin('other')];
    const session = own.session.token;
    const byHeader = await stack.tenant('other', '/api/incidents', { session });
    expect(byHeader).toMatchObject({ status: 404, body: { code: 'tenant_not_found' } });
    const audit = await stack.tenant<{ items: { action: string }[] }>('own', '/api/audit', { session });
    expect(audit.body.items.filter((event) => event.action === 'tenant.crossing_refused')).toHaveLength(1);
    const theirs = await stack.tenant<{ items: { action: string }[] }>('other', '/api/audit', {
      session: other.session.token,
    });
    expect(theirs.body.items.map((event) => event.action)).not.toContain('tenant.crossing_refused');
  });

  it("rotate the tenant plane's secret while every call from users and between planes succeeds", async () => {
    await rotation.succeeded();
    expect(await calls.end()).toEqual({ count: expect.any(Number), failed: [] });
    expect(rotation.keys.after).toEqual([expect.not.stringContaining(rotation.keys.before)]);
    const outputs = [planes.stack.controlPlane, planes.tenantPlane()].map((plane) => plane.output());
    expect(outputs.join('\n')).not.toMatch(
      /bad_signature|Contact with the Control Plane failed|Could not send a report/,
    );
    for (const text of [...outputs, rotation.text]) expect(text).not.toMatch(SERVICE_SECRET);
  });

  it('shut down promptly and gracefully, even during long polls and while jobs are watched', async () => {
    const { stack } = planes;
    const { jobId, revoke } = await expectedTenant('patient');
    const watched = shell.start(['job', jobId]);
    await watched.shows(/await-enrolment +waiting/);
    const startedAt = Date.now();
    expect(await stack.controlPlane.end('SIGTERM')).toBe(0);
    expect(await planes.tenantPlane().end('SIGTERM')).toBe(0);
    expect(Date.now() - startedAt).toBeLessThan(5000);
    await stack.startControlPlane();
    await planes.restartTenantPlane();
    await eventually(async () => (await stack.tenant('acme', '/api/tenant-default')).status === 200, {
      what: 'acme is served again',
    });
    await watched.shows(/trying again/);
    await revoke();
    expect(await watched.ended).toMatchObject({ code: 1, err: expect.stringContaining('enrolment_overdue') });
  });
});
