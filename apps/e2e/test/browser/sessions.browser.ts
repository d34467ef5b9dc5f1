import { type Browser, type Page } from 'playwright-core';
import { ADMIN_PASSWORD, eventually } from '@atlas/testing';
import { Person, choosePassword, fillSignIn, heading } from '../people.fixture';
import { WatchedPage, chromiumPath, startBrowser } from '../watched-page.fixture';
import { DemoStack } from './demo-stack.fixture';

jest.setTimeout(120_000);

/** A little longer than lists wait before they are read again. */
const LISTS_EVERY_MS = 11_000;
const REQUESTER = 'ann@demo.example.com';

(chromiumPath ? describe : describe.skip)('a session in the browser', () => {
  let demo: DemoStack;
  let browser: Browser;
  beforeAll(async () => {
    [demo, browser] = await Promise.all([DemoStack.start(), startBrowser()]);
  });
  afterAll(async () => {
    await browser.close();
    await demo.stop();
  });

  const signInAsAdmin = async (page: Page): Promise<void> => {
    const { admin_email, admin_password } = demo.stack.demo_tenant;
    await fillSignIn(page, admin_email, admin_password);
  };

  it.each(['https://evil.example/', '//evil.example/', '/\\evil.example/', 'javascript:alert(1)'])(
    'never leads to another site, such as %s',
    async (to) => {
      const { url } = demo.stack.demo_tenant;
      const { page, told } = await WatchedPage.open(browser);
      await page.goto(`${url}/sign-in?to=${encodeURIComponent(to)}`);
      await signInAsAdmin(page);
      await page.getByRole('navigation').waitFor();
      expect(new URL(page.url()).origin).toBe(new URL(url).origin);
      expect(told.filter((address) => new URL(address, url).hostname === 'evil.example')).toEqual([]);
      await page.context().close();
    },
  );

  it('shows the next person nothing that the one before has loaded', async () => {
    const { page } = await WatchedPage.open(browser);
    await page.goto(demo.stack.demo_tenant.url);
    await signInAsAdmin(page);
    await heading(page, 'Incidents');
    const link = await invite(page, REQUESTER, 'requester');
    await (await Person.join(browser, link, { first: 'My reports' })).leave();
    await page.getByRole('region', { name: 'Incidents' }).getByRole('link').first().click();
    const title = await page.getByRole('heading', { level: 1, name: /^INC-/ }).innerText();
    await page.evaluate(() => fetch('/api/auth/logout', { method: 'POST' }));
    await page.getByRole('button', { name: 'Sign in as somebody else' }).click();
    // The plane does not answer, so whatever is shown was loaded before.
    await page.route('**/api/incidents/**', () => undefined);
    await fillSignIn(page, REQUESTER, ADMIN_PASSWORD);
    await heading(page, 'My reports');
    await page.goBack();
    await page.goBack();
    expect(await page.getByText(title).count()).toBe(0);
    await page.context().close();
  });

  it('begins with what is left to do, until nothing is', async () => {
    const { page } = await WatchedPage.open(browser);
    await page.goto(demo.stack.demo_tenant.url);
    await signInAsAdmin(page);
    await heading(page, 'Incidents');
    const early = await invite(page, 'bea@demo.example.com', 'fulfiller');
    const late = await invite(page, 'cem@demo.example.com', 'fulfiller');
    await (await Person.join(browser, early, { first: 'Get started' })).leave();
    await post(page, '/api/onboarding/steps/ai/skip', { reason: 'There is no AI here.' });
    await (await Person.join(browser, late, { first: 'Incidents' })).leave();
    await page.context().close();
  });

  it('keeps people signed in to several planes on one host', async () => {
    const { url, operator_email, operator_password } = demo.stack.control_plane;
    const { page } = await WatchedPage.open(browser);
    await page.goto(`${url}/console`);
    await fillSignIn(page, operator_email, operator_password);
    await heading(page, 'Overview');
    const homes: string[] = [];
    for (const slug of ['first-home', 'second-home']) {
      await page.goto(`${url}/console`);
      const link = await orderDedicated(page, slug);
      await choosePassword(page, link);
      await heading(page, 'Get started');
      homes.push(new URL(page.url()).origin);
    }
    expect(new Set([url, ...homes].map((at) => new URL(at).hostname)).size).toBe(1);
    for (const home of homes) {
      await page.goto(home);
      await heading(page, 'Incidents');
    }
    await page.goto(`${url}/console`);
    await heading(page, 'Overview');
    await page.context().close();
  });

  it('does not look ended if signing out fails', async () => {
    const { page } = await WatchedPage.open(browser);
    await page.goto(demo.stack.demo_tenant.url);
    await signInAsAdmin(page);
    await heading(page, 'Incidents');
    await page.route('**/api/auth/logout', (route) => route.fulfill({ status: 503 }));
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByText('You are still signed in').waitFor();
    await heading(page, 'Incidents');
    await page.context().close();
  });
  it('shows new incidents only on demand, so that no row moves', async () => {
    const { page } = await WatchedPage.open(browser);
    await page.goto(demo.stack.demo_tenant.url);
    await signInAsAdmin(page);
    const rows = page.getByRole('region', { name: 'Incidents' });
    const first = rows.getByRole('link').first();
    const top = await first.innerText();
    const before = await first.boundingBox();
    await post(page, '/api/incidents', { title: 'Nobody can log in', severity: 'P1' });
    const show = page.getByRole('button', { name: '1 new · Show' });
    await show.waitFor();
    expect([await first.innerText(), await first.boundingBox()]).toEqual([top, before]);
    await show.click();
    await rows.getByRole('link', { name: 'Nobody can log in' }).waitFor();
    expect(await first.innerText()).toBe('Nobody can log in');
    await page.context().close();
  });
  it('asks nothing while it is hidden, and at once when it is shown again', async () => {
    const { page } = await WatchedPage.open(browser);
    await page.clock.install();
    await page.goto(demo.stack.demo_tenant.url);
    await signInAsAdmin(page);
    await page.getByRole('region', { name: 'Incidents' }).waitFor();
    const asked: string[] = [];
    page.on('request', (request) => asked.push(request.url()));
    await show(page, 'hidden');
    await page.clock.fastForward('05:00');
    // Whatever was sent before this has been counted.
    await page.evaluate(() => fetch('/api/auth/me'));
    expect(asked.filter((url) => !url.endsWith('/api/auth/me'))).toEqual([]);
    const asking = page.waitForRequest(/\/api\/incidents\?/);
    await show(page, 'visible');
    await asking;
    await page.context().close();
  });

  it('waits as long as a busy server asks it to, and says until when', async () => {
    const { page } = await WatchedPage.open(browser);
    await page.clock.install();
    await page.goto(demo.stack.demo_tenant.url);
    await signInAsAdmin(page);
    await page.getByRole('region', { name: 'Incidents' }).waitFor();
    const times = { asked: 0 };
    await page.route(/\/api\/incidents\?/, (route) => {
      times.asked += 1;
      return times.asked === 1 ? route.fulfill(busy('database_busy', 20)) : route.continue();
    });
    await page.clock.fastForward(LISTS_EVERY_MS);
    await page.getByText(/This page tries again in (20|19) seconds\./).waitFor();
    await page.clock.fastForward(LISTS_EVERY_MS);
    await page.getByText(/This page tries again in [5-9] seconds\./).waitFor();
    expect(times.asked).toBe(1);
    await page.clock.fastForward(LISTS_EVERY_MS);
    await page.getByText('This page tries again').waitFor({ state: 'detached' });
    expect(times.asked).toBe(2);
    await page.context().close();
  });

  it('sends nothing again for somebody who has signed out', async () => {
    const { page } = await WatchedPage.open(browser);
    await page.clock.install();
    await page.goto(demo.stack.demo_tenant.url);
    await signInAsAdmin(page);
    await page.getByRole('region', { name: 'Incidents' }).getByRole('link').first().click();
    let sent = 0;
    await page.route('**/notes', (route) => {
      sent += 1;
      return route.fulfill(busy('tenant_frozen', 20));
    });
    await page.getByLabel('Note', { exact: true }).fill('Looking into it.');
    await page.getByRole('button', { name: 'Add the note' }).click();
    await page.getByText('This page tries again').waitFor();
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByLabel('Email').waitFor();
    await page.clock.fastForward('01:00');
    // Whatever was sent before this has been counted.
    await page.evaluate(() => fetch('/api/auth/me'));
    expect(sent).toBe(1);
    await page.context().close();
  });

  it('saves a note once its tenant is not frozen, and keeps what was entered elsewhere', async () => {
    const { page } = await WatchedPage.open(browser);
    await page.goto(demo.stack.demo_tenant.url);
    await signInAsAdmin(page);
    await page.getByRole('region', { name: 'Incidents' }).getByRole('link').first().click();
    const keys: (string | undefined)[] = [];
    await page.route('**/notes', (route) => {
      keys.push(route.request().headers()['idempotency-key']);
      return keys.length === 1 ? route.fulfill(busy('tenant_frozen', 1)) : route.continue();
    });
    await page.getByLabel('Note', { exact: true }).fill('Looking into it.');
    await page.getByRole('button', { name: 'Add the note' }).click();
    await page.getByText('This page tries again').waitFor();
    await page.getByRole('listitem').filter({ hasText: 'Looking into it.' }).waitFor();
    expect(keys).toEqual([keys[0], keys[0]]);
    expect(keys[0]).toMatch(/./);

    // A change of an incident has no key.
    let isFrozen = true;
    await page.route('**/api/incidents/*', (route) =>
      isFrozen && route.request().method() === 'PATCH'
        ? route.fulfill(busy('tenant_frozen', 1))
        : route.fallback(),
    );
    await page.getByRole('button', { name: 'Resolve' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Resolution notes').fill('Restarted it.');
    await dialog.getByRole('button', { name: 'Resolve' }).click();
    await dialog.getByText('so nothing was saved').waitFor();
    isFrozen = false;
    await dialog.getByRole('button', { name: 'Resolve' }).click();
    await page.getByRole('heading', { name: 'Resolution' }).waitFor();
    await page.getByText('Restarted it.').waitFor();
    await page.context().close();
  });

  it('consents only to the move that it shows, and says so if another has replaced it', async () => {
    const [seen, current] = ['1', '2'].map((n) => `0199e000-0000-7000-8000-00000000000${n}`);
    let move = { transfer_id: seen, consent_required: true, consented: false };
    const sent: unknown[] = [];
    const { page } = await WatchedPage.open(browser);
    await page.route('**/api/moves', (route) => route.fulfill({ json: { items: [move] } }));
    await page.route('**/api/moves/consent', (route) => {
      sent.push(route.request().postDataJSON());
      const problem = { code: 'move_replaced', title: 'Conflict', status: 409, detail: 'It was replaced.' };
      if (sent.length === 1) return route.fulfill({ status: 409, json: problem });
      move = { ...move, consented: true };
      return route.fulfill({ json: move });
    });
    const { url } = demo.stack.demo_tenant;
    const field = page.getByLabel('Type demo to consent');
    await page.goto(`${url}/deployment`);
    await signInAsAdmin(page);
    const consent = page.getByRole('button', { name: 'Consent to this move' });
    await field.fill('demo');
    move = { ...move, transfer_id: current };
    await consent.click();
    await page
      .getByRole('alert')
      .filter({ hasText: /^Your consent was not recorded/ })
      .waitFor();
    expect(await field.evaluate((it) => it === document.activeElement)).toBe(true);
    expect(await consent.isDisabled()).toBe(true);
    await field.fill('demo');
    await consent.click();
    await page.getByText('You have consented to this move only.').waitFor();
    expect(sent).toEqual([{ transfer_id: seen }, { transfer_id: current }]);
    await page.context().close();
  });
});

/** A refusal as the Tenant Plane sends it. */
function busy(code: string, seconds: number) {
  const problem = { code, title: 'Unavailable', status: 503, detail: 'Retry the request.' };
  return { status: 503, headers: { 'retry-after': String(seconds) }, json: problem };
}

/** As if another tab came to the front, or this one. */
function show(page: Page, state: 'hidden' | 'visible'): Promise<void> {
  return page.evaluate((now) => {
    Object.defineProperty(document, 'visibilityState', { value: now, configurable: true });
    document.dispatchEvent(new Event('visibilitychange', { bubbles: true }));
  }, state);
}

function post(page: Page, path: string, body: object): Promise<unknown> {
  return page.evaluate(
    async ([to, json]) => {
      const headers = { 'content-type': 'application/json' };
      return (await fetch(to, { method: 'POST', headers, body: json })).json() as Promise<unknown>;
    },
    [path, JSON.stringify(body)] as const,
  );
}

async function invite(page: Page, email: string, role: string): Promise<string> {
  const answer = await post(page, '/api/auth/invite', { email, role });
  return (answer as { readonly url: string }).url;
}

/** Provisions a dedicated tenant. Returns the link of its first admin, on the tenant's own plane. */
async function orderDedicated(page: Page, slug: string): Promise<string> {
  const id = await page.evaluate(async (name) => {
    const answer = await fetch('/api/tenants/provision', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ name, deployment_model: 'dedicated', admin_email: `ann@${name}.example` }),
    });
    return ((await answer.json()) as { readonly tenant: { readonly id: string } }).tenant.id;
  }, slug);
  const tenant = () =>
    page.evaluate(async (path) => {
      const answer = await fetch(path);
      return (await answer.json()) as { readonly status: string; readonly endpoint_url: string };
    }, `/api/tenants/${id}`);
  await eventually(async () => (await tenant()).status === 'active', { timeoutMs: 60_000 });
  const link = await page.evaluate(async (path) => {
    const answer = await fetch(path, { method: 'POST' });
    return ((await answer.json()) as { readonly url: string }).url;
  }, `/api/tenants/${id}/signup-link`);
  const { pathname, hash } = new URL(link);
  return `${(await tenant()).endpoint_url}${pathname}${hash}`;
}
