import { type Browser, type Page } from 'playwright-core';
import { heading } from '../people.fixture';
import { WatchedPage, chromiumPath, startBrowser } from '../watched-page.fixture';
import { DemoStack } from './demo-stack.fixture';

jest.setTimeout(120_000);

/** Nothing here may use the mouse. */
(chromiumPath ? describe : describe.skip)('with the keyboard alone', () => {
  let demo: DemoStack;
  let browser: Browser;
  beforeAll(async () => {
    [demo, browser] = await Promise.all([DemoStack.start(), startBrowser()]);
  });
  afterAll(async () => {
    await browser.close();
    await demo.stop();
  });

  it('an incident is reported and resolved in the workspace', async () => {
    const { url, admin_email, admin_password } = demo.stack.demo_tenant;
    const { page, faults } = await WatchedPage.open(browser);
    const { keyboard } = page;
    await page.goto(url);
    await signIn(page, admin_email, admin_password);
    await heading(page, 'Incidents');
    await keyboard.press('n');
    await heading(page, 'Report an incident');
    await reach(page, 'Title');
    await keyboard.type('Nobody can pay');
    await reach(page, 'P1');
    await keyboard.press('Space');
    await reach(page, 'Report the incident');
    await keyboard.press('Enter');
    await heading(page, 'Nobody can pay');
    await keyboard.press('m');
    await keyboard.type('Looking into it.');
    await keyboard.press('Control+Enter');
    await page.getByRole('listitem').filter({ hasText: 'Looking into it.' }).waitFor();
    await reach(page, 'Acknowledge');
    await keyboard.press('Enter');
    // Keys do nothing while a change is under way.
    await page.getByRole('button', { name: 'Acknowledge' }).waitFor({ state: 'detached' });
    await page.getByRole('button', { name: 'Resolve', disabled: false }).waitFor();
    await page.evaluate(() => document.activeElement instanceof HTMLElement && document.activeElement.blur());
    await keyboard.press('r');
    await page.getByRole('dialog').waitFor();
    await keyboard.type('Restarted it.');
    await reach(page, 'Resolve');
    await keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Resolution' }).waitFor();
    expect(faults).toEqual([]);
  });

  it('an item is found and chosen in a dialog, and never said not to exist meanwhile', async () => {
    const { url, admin_email, admin_password } = demo.stack.demo_tenant;
    const { page, faults } = await WatchedPage.open(browser);
    const { keyboard } = page;
    await page.goto(url);
    await signIn(page, admin_email, admin_password);
    await page.getByRole('region', { name: 'Incidents' }).getByRole('link').first().waitFor();
    await keyboard.press('k');
    await keyboard.press('Enter');
    await page.getByRole('button', { name: 'Change the items' }).waitFor();
    await reach(page, 'Change the items');
    await keyboard.press('Enter');
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Affected items').waitFor();
    expect(await nameOfFocus(page)).toBe('Affected items');
    await noteTexts(page);
    await keyboard.type('core-switch-2');
    await page.getByRole('option', { name: 'core-switch-1' }).waitFor({ state: 'detached' });
    await page.getByRole('option', { name: 'core-switch-2' }).waitFor();
    await keyboard.press('ArrowDown');
    await keyboard.press('Enter');
    // Then the field offers all others.
    await page.getByRole('option').nth(2).waitFor();
    const texts = await page.evaluate(() => window.texts);
    expect(texts).toContain('core-switch-2');
    expect(texts).not.toMatch(/No such item|Already chosen/);
    await reach(page, 'Save');
    await keyboard.press('Enter');
    await dialog.waitFor({ state: 'detached' });
    await page.getByRole('button', { name: 'Impact of core-switch-2' }).waitFor();
    expect(faults).toEqual([]);
  });

  it('an item cannot be related to itself, and a search that fails says so', async () => {
    const { url, admin_email, admin_password } = demo.stack.demo_tenant;
    const { page } = await WatchedPage.open(browser);
    await page.goto(`${url}/cmdb?q=core-switch-2`);
    await signIn(page, admin_email, admin_password);
    await page.getByRole('link', { name: 'core-switch-2' }).click();
    await page.getByRole('button', { name: 'Add a relationship' }).waitFor();
    await reach(page, 'Add a relationship');
    await page.keyboard.press('Enter');
    await page.getByRole('combobox', { name: 'Other item' }).waitFor();
    await page.keyboard.type('core-switch-2');
    await page.getByText('An item cannot be related to itself.').waitFor();
    await page.route('**/api/cmdb/items?*', (route) => route.fulfill({ status: 400, json: {} }));
    await page.keyboard.type('0');
    await page.getByText('The search failed. Type again to retry.').waitFor();
    await page.context().close();
  });

  it('the rows of a list are reached and opened, but not while typing or in a dialog', async () => {
    const { url, admin_email, admin_password } = demo.stack.demo_tenant;
    const { page, faults } = await WatchedPage.open(browser);
    const { keyboard } = page;
    await page.goto(url);
    await signIn(page, admin_email, admin_password);
    const links = page.getByRole('region', { name: 'Incidents' }).getByRole('link');
    await links.nth(1).waitFor();
    const [first = '', second = ''] = await links.allInnerTexts();
    await keyboard.press('k');
    expect(await nameOfFocus(page)).toBe(first);
    await keyboard.press('j');
    expect(await nameOfFocus(page)).toBe(second);
    await keyboard.press('/');
    expect(await nameOfFocus(page)).toBe('Search');
    await keyboard.type('jk?');
    expect(await page.getByLabel('Search').inputValue()).toBe('jk?');
    await page.getByText('No incident matches.').waitFor();
    await page.getByLabel('Search').fill('');
    await links.nth(1).waitFor();
    await reach(page, 'Report an incident');
    await keyboard.press('?');
    const dialog = page.getByRole('dialog', { name: 'Keys' });
    await dialog.getByText('A list: the next row').waitFor();
    await keyboard.press('j');
    await keyboard.press('n');
    expect(await dialog.evaluate((it) => it.contains(document.activeElement))).toBe(true);
    await keyboard.press('Escape');
    await dialog.waitFor({ state: 'detached' });
    await heading(page, 'Incidents');
    await keyboard.press('j');
    await keyboard.press('Enter');
    await heading(page, first);
    expect(faults).toEqual([]);
  });

  it('a tenant is provisioned and suspended in the console, even if a stream is refused', async () => {
    const { url, operator_email, operator_password } = demo.stack.control_plane;
    const { page, faults } = await WatchedPage.open(browser);
    const { keyboard } = page;
    await page.goto(`${url}/console`);
    await signIn(page, operator_email, operator_password);
    await heading(page, 'Overview');
    await reach(page, 'Tenants');
    await keyboard.press('Enter');
    await heading(page, 'Tenants');
    await reach(page, 'Provision a tenant');
    await keyboard.press('Enter');
    await heading(page, 'Provision a tenant');
    await reach(page, 'Name');
    await keyboard.type('Keys');
    await reach(page, 'First admin’s email');
    await keyboard.type('ada@keys.example');
    await keyboard.press('Enter');
    await page.getByText('This is what happens:').waitFor();
    // Once for the stream, and once for the question why it was refused.
    const busy = { status: 503, headers: { 'retry-after': '1' } };
    await page.route('**/events', (route) => route.fulfill(busy), { times: 2 });
    const reopened = page.waitForResponse((one) => one.url().endsWith('/events') && one.status() === 200);
    await reach(page, 'Provision Keys');
    await keyboard.press('Enter');
    await reopened;
    await page.getByText('Keys is active.').waitFor();
    await reach(page, 'Open the tenant');
    await keyboard.press('Enter');
    await heading(page, 'Keys');
    await reach(page, 'Operations');
    await keyboard.press('Enter');
    const suspend = page.getByRole('menuitem', { name: 'Suspend' });
    await suspend.waitFor();
    // The menu takes the focus once it has opened, and its first item only then.
    await page.waitForFunction(() => document.activeElement?.closest('[role="menu"]'));
    await keyboard.press('ArrowDown');
    await page.waitForFunction((item) => item === document.activeElement, await suspend.elementHandle());
    await keyboard.press('Enter');
    await page.getByRole('dialog').waitFor();
    await reach(page, 'Preview');
    await keyboard.press('Enter');
    await page.getByText('This is what happens:').waitFor();
    await reach(page, 'Suspend keys');
    await keyboard.press('Enter');
    await page.getByRole('dialog').getByText('keys is suspended.').waitFor();
    expect(faults.filter((fault) => !fault.includes(' 503 '))).toEqual([]);
  });

  async function signIn(page: Page, email: string, password: string): Promise<void> {
    await heading(page, 'Sign in');
    await reach(page, 'Email');
    await page.keyboard.type(email);
    await reach(page, 'Password');
    await page.keyboard.type(password);
    await page.keyboard.press('Enter');
  }
});

declare global {
  interface Window {
    /** What lists have said since {@link noteTexts}. */
    texts: string;
  }
}

function noteTexts(page: Page): Promise<void> {
  return page.evaluate(() => {
    window.texts = '';
    const note = (): void => void (window.texts += document.body.innerText);
    new MutationObserver(note).observe(document.body, {
      subtree: true,
      childList: true,
      characterData: true,
    });
  });
}

const MOST_STEPS = 60;

/** Presses Tab until the element with this name has the focus. */
async function reach(page: Page, name: string): Promise<void> {
  const passed: string[] = [];
  for (let step = 0; step < MOST_STEPS; step += 1) {
    const here = await nameOfFocus(page);
    if (here === name) return;
    passed.push(here);
    await page.keyboard.press('Tab');
  }
  throw new Error(`Tab does not reach ${name}, only ${[...new Set(passed)].join(', ')}.`);
}

function nameOfFocus(page: Page): Promise<string> {
  return page.evaluate(() => {
    const element = document.activeElement;
    if (!(element instanceof HTMLElement) || element === document.body) return '';
    const label = element instanceof HTMLInputElement ? element.labels?.[0]?.textContent : undefined;
    const text = element.getAttribute('aria-label') ?? label ?? element.textContent;
    return text.replace(/ \*$/, '').trim();
  });
}
