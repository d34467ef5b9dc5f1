import { ADMIN_PASSWORD, TestSmtpServer, linkIn, request } from '@atlas/testing';
import { type BothPlanes, startBothPlanes } from './both-planes.fixture';
import { PersonsBrowser } from './persons-browser.fixture';
import { chromiumPath } from './watched-page.fixture';

jest.setTimeout(60_000);

const describeWithChromium = chromiumPath ? describe : describe.skip;
const EMAIL = 'jo@stranger.example';
const NEXT_PASSWORD = `${ADMIN_PASSWORD}, and another`;

/**
 * Follows links from real emails in Chromium. No page needs anything that its content security policy
 * forbids. Once a page is open, the secret from its link is not in the address bar, the history, the storage
 * or the document. The secret is sent to the plane only in the body of one POST, so no URL, header or log
 * contains it. Scripts never see a session, because they cannot read its cookie.
 *
 * To see it fail: use a `style` attribute in a page; in page.js or link-token.ts, leave out `replaceState` or
 * the reload on `hashchange`, or put `token` into `sessionStorage`; in page.js, leave out `cookie: true`; add
 * the token to the request in `Followed`; or put `?token=` into `TenantUrls`.
 */
describeWithChromium('emailed links in a browser (skipped unless chromium is on the PATH)', () => {
  let smtp: TestSmtpServer;
  let planes: BothPlanes;
  let person: PersonsBrowser;
  const secrets: string[] = [];
  beforeAll(async () => {
    smtp = await TestSmtpServer.start();
    const logging = { LOG_LEVEL: 'debug' };
    [planes, person] = await Promise.all([
      startBothPlanes('sqlite', { ...smtp.env, ...logging }, { ...smtp.env, ...logging }),
      PersonsBrowser.start(),
    ]);
  });
  afterAll(async () => {
    await person.end();
    await planes.stop();
    await smtp.stop();
  });

  const mailed = async (subject: RegExp): Promise<string> => {
    for (;;) {
      const mail = await smtp.next();
      if (mail.to.includes(EMAIL) && subject.test(mail.subject)) return keepSecretOf(linkIn(mail));
    }
  };
  const keepSecretOf = (link: string): string => {
    secrets.push(new URL(link).hash.replace('#token=', ''));
    return link;
  };
  /** Opens a link, and checks that its page is accessible and keeps the secret only in memory. */
  const open = async (link: string): Promise<void> => {
    await person.open(link);
    expect(await person.hurdles()).toEqual([]);
    expect(await person.kept()).not.toContain(secrets.at(-1));
  };
  /** Like {@link open}, for a page of the sign-up. */
  const openPage = async (link: string): Promise<void> => {
    await person.page.goto(link);
    await person.page.getByRole('heading').waitFor();
    expect(await person.hurdles()).toEqual([]);
    expect(await person.kept()).not.toContain(secrets.at(-1));
  };
  const choose = async (password: string): Promise<void> => {
    await person.page.getByLabel('New password').fill(password);
    await person.page.keyboard.press('Enter');
  };
  const whoIsSignedIn = (): Promise<unknown> =>
    person.page.evaluate(async () => (await fetch('/api/auth/me')).json());

  it('let a new visitor create a tenant, watch the progress, and sign in', async () => {
    const { stack } = planes;
    await stack.provision('taken');
    const body = { email: EMAIL, organisation: 'Strangers <& Co>', slug: 'taken' };
    expect((await request(`${stack.controlPlane.url}/api/signup`, { body })).status).toBe(202);
    const link = await mailed(/^Confirm/);
    expect(await person.withoutScripts(link)).toMatch(/needs JavaScript[^]*still valid/);
    await openPage(link);
    await person.page.getByRole('button', { name: 'Create my tenant' }).press('Enter');
    const slug = person.page.getByLabel('Short name');
    await slug.fill('strangers');
    await slug.press('Enter');
    await person.heading('Your tenant is ready');
    expect(await person.hurdles()).toEqual([]);
    const address = `http://strangers.localhost:${planes.tenantPlane().port}`;
    expect(await person.page.getByRole('link', { name: address }).getAttribute('href')).toBe(address);
    // This browser has confirmed the address, so it need not wait for the email.
    const choosing = person.page.getByRole('link', { name: 'Choose a password' });
    expect(await choosing.getAttribute('href')).toContain(`${address}/signup#token=eyJ`);

    await open(await mailed(/^Welcome to Atlas/));
    expect(await person.page.title()).toBe('Choose your password – Strangers <& Co> on Atlas');
    expect(await person.page.getByRole('textbox', { name: 'Email address' }).inputValue()).toBe(EMAIL);
    await choose('strangers-12');
    const field = person.page.getByLabel('New password');
    await person.page.getByRole('alert').filter({ hasText: 'too close to a name' }).waitFor();
    expect(await field.evaluate((it) => [it === document.activeElement, it.ariaInvalid])).toEqual([
      true,
      'true',
    ]);
    await person.page.getByLabel('Show the password').check();
    expect(await field.getAttribute('type')).toBe('text');
    await choose(ADMIN_PASSWORD);
    await person.heading('Get started');
    expect(await whoIsSignedIn()).toMatchObject({ user: { email: EMAIL, role: 'admin' } });
    expect(await person.kept()).not.toMatch(/atu_|atr_|correct horse/);
  });

  it('stop working after use, but a user who forgot the password can sign in with a new one', async () => {
    // Reuses the open tab, so only the fragment of the URL changes.
    const { page } = person;
    await page.goto(new URL('/signup', page.url()).href);
    await open(`${page.url()}#token=${secrets.at(-1)}`);
    await choose(NEXT_PASSWORD);
    await person.heading('This link does not work');
    expect(await page.locator('main').innerText()).toContain('already has its first admin');
    await page.getByRole('link', { name: 'reset your password' }).click();
    await page.getByRole('textbox', { name: 'Email address' }).fill(EMAIL);
    await page.keyboard.press('Enter');
    await person.heading('Check your email');

    const link = await mailed(/^Choose a new password for Strangers/);
    await open(link);
    await choose(NEXT_PASSWORD);
    await person.heading('You are signed in');
    expect(await whoIsSignedIn()).toMatchObject({ user: { email: EMAIL } });
    await open(link);
    await choose(ADMIN_PASSWORD);
    await person.heading('This link does not work');
    await page.getByRole('link', { name: 'Request another link' }).click();
    await person.heading('Forgotten your password?');
  });

  it('let an operator choose a password', async () => {
    const { stack } = planes;
    const operator = { email: 'ann@example.com', role: 'support' };
    const { body } = await stack.api<{ id: string }>('/api/operators', { body: operator });
    const link = await stack.api<{ url: string }>(`/api/operators/${body.id}/reset-link`, { method: 'POST' });
    await open(keepSecretOf(link.body.url));
    await choose(NEXT_PASSWORD);
    await person.heading('Your password is set');
    const login = { email: operator.email, password: NEXT_PASSWORD };
    expect((await stack.api('/api/auth/login', { body: login })).status).toBe(200);
  });

  it('open pages that obey their content policy, and reveal no secret in URLs, headers or logs', async () => {
    expect(person.faults).toEqual([]);
    expect(new Set(secrets).size).toBe(4);
    const both = [planes.stack.controlPlane, planes.tenantPlane()];
    for (const plane of both) await plane.line(/"route":"\/api\/auth\/reset-password"/);
    const all = [...person.told, ...both.map((plane) => plane.output())].join('\n');
    for (const secret of secrets) expect(all.includes(secret)).toBe(false);
  });
});
