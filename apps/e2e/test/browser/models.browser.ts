import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { parseEnv } from 'node:util';
import { type Browser, type Page } from 'playwright-core';
import {
  ADMIN_PASSWORD,
  DedicatedStack,
  OWNER_EMAIL,
  type PlaneProcess,
  type TestDatabase,
  createTestDatabase,
  freePort,
  startPlane,
} from '@atlas/testing';
import { Operator, Person, fillSignIn, heading } from '../people.fixture';
import { WatchedPage, chromiumPath, startBrowser } from '../watched-page.fixture';

jest.setTimeout(120_000);

/** What the issue allows from the form to a resolved incident in a new tenant. */
const LONGEST_MS = 120_000;

/** From the console's form to a resolved incident, by clicks alone. The customer's planes run on SQLite. */
(chromiumPath ? describe : describe.skip)('a new tenant in the browser', () => {
  const databases: TestDatabase[] = [];
  const customers: PlaneProcess[] = [];
  let dedicated: DedicatedStack;
  let browser: Browser;
  let operator: Operator;

  beforeAll(async () => {
    [dedicated, browser] = await Promise.all([DedicatedStack.start('postgres'), startBrowser()]);
    const { stack } = dedicated;
    const cell = await stack.registerCell();
    await stack.startTenantPlane(cell.install, await database('postgres'));
    await stack.awaitEnrolled(cell.id);
    operator = await Operator.signIn(browser, stack.controlPlane.url);
  });
  afterAll(async () => {
    await browser.close();
    await Promise.all(customers.map((plane) => plane.end('SIGKILL')));
    await dedicated.stop();
    for (const one of databases) await one.drop();
  });

  async function database(driver: 'postgres' | 'sqlite'): Promise<TestDatabase> {
    const created = await createTestDatabase(driver);
    databases.push(created);
    return created;
  }

  it.each([
    ['Shared SaaS', false],
    ['Dedicated TP', false],
    ['On-prem / customer VPC', true],
    ['Hybrid', true],
  ])('of the model %s resolves an incident', async (model, isInstalled) => {
    const startedAt = performance.now();
    const [word = ''] = model.split(/\W/);
    const name = `${word} customer`;
    await operator.orders({ model, name, email: 'ada@customer.example' });
    if (isInstalled) await install(await operator.savesTheBundle());
    const ada = await Person.join(browser, await operator.signUpLink(name));
    await ada.resolvesAnIncident('Nobody can pay');
    const tookMs = performance.now() - startedAt;
    process.stderr.write(`${model}: from the form to a resolved incident in ${Math.round(tookMs)} ms\n`);
    expect(tookMs).toBeLessThan(LONGEST_MS);
    expect([...operator.watched.faults, ...ada.watched.faults]).toEqual([]);
    await ada.leave();
  });

  it('is previewed with the cell that it goes to, and with how long it can be restored', async () => {
    const { page } = operator;
    const links = page.getByRole('navigation');
    await links.getByRole('link', { name: 'Tenants' }).click();
    await page.getByRole('link', { name: 'Provision a tenant' }).click();
    await page.getByLabel('Name').fill('Previewed customer');
    await page.getByLabel('First admin’s email').fill('ada@customer');
    await page.getByRole('button', { name: 'Preview' }).click();
    await page.getByText('This must be an email', { exact: true }).waitFor();
    await page.getByText('Correct the fields that are marked').waitFor();
    await page.getByLabel('First admin’s email').fill('ada@customer.example');
    await page.getByRole('button', { name: 'Preview' }).click();
    const goes = page.getByText('The tenant goes to the cell');
    await goes.getByText('If that has changed when the job starts').waitFor();
    await goes.getByRole('link').click();
    await page.getByRole('heading', { level: 1, name: 'cell' }).waitFor();
    await links.getByRole('link', { name: 'Tenants' }).click();
    await page.getByRole('link', { name: 'Shared customer' }).click();
    await page.getByRole('button', { name: 'Operations' }).click();
    await page.getByRole('menuitem', { name: 'Deprovision' }).click();
    await page.getByLabel('Reason').fill('x'.repeat(501));
    await page.getByRole('button', { name: 'Preview' }).click();
    await page.getByText(/^Reason must be/).waitFor();
    await page.getByLabel('Reason').fill('They left.');
    await page.getByRole('button', { name: 'Preview' }).click();
    await page.getByText('It can be restored for 30 days').waitFor();
    await page.getByText('the tenant’s backup is erased').waitFor();
    await page.getByRole('button', { name: 'Close' }).click();
  });

  it('can be listed by a program that sends its API key as the console says', async () => {
    const { page } = operator;
    await page.getByRole('navigation').getByRole('link', { name: 'API keys' }).click();
    await page.getByText('curl -H "Authorization: Bearer $API_KEY"').waitFor();
    await page.getByRole('button', { name: 'Create a key' }).click();
    await page.getByLabel('Name').fill('CI');
    await page.getByRole('button', { name: 'Create', exact: true }).click();
    const dialog = page.getByRole('dialog');
    const command = await dialog.getByText(/^curl /).innerText();
    const env = { ...process.env, API_KEY: await dialog.getByText(/^aok_/).innerText() };
    const answer = execFileSync('sh', ['-c', `${command} --silent`], { encoding: 'utf8', env });
    expect(answer).toContain(OWNER_EMAIL);
    await page.getByRole('button', { name: 'I have saved the key' }).click();
  });

  it('is provisioned on a phone with controls that a finger can hit', async () => {
    const phone = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true };
    const { page } = await WatchedPage.open(browser, phone);
    await page.goto(`${dedicated.stack.controlPlane.url}/console/tenants/new`);
    const small = [...(await smallOnes(page))];
    await fillSignIn(page, OWNER_EMAIL, ADMIN_PASSWORD);
    await heading(page, 'Provision a tenant');
    small.push(...(await smallOnes(page)));
    await page.getByRole('button', { name: /menu/i }).click();
    await page.getByRole('link', { name: 'API keys' }).waitFor();
    small.push(...(await smallOnes(page)));
    expect(small).toEqual([]);
    await page.context().close();
  });

  it('that is stopped halfway comes first on the overview, until it is rolled back', async () => {
    const { page } = operator;
    await operator.orders({ model: 'Hybrid', name: 'Stopped customer', email: 'ada@customer.example' });
    await operator.savesTheBundle();
    await page.getByRole('button', { name: 'Stop', exact: true }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Stop', exact: true }).click();
    await page.getByRole('button', { name: 'Retry' }).waitFor();
    const links = page.getByRole('navigation');
    await links.getByRole('link', { name: 'Overview' }).click();
    const first = page.locator('section section').first();
    await first.getByRole('heading', { name: 'Jobs that need you (1)' }).waitFor();
    await first.getByRole('link', { name: 'stopped-customer' }).waitFor();
    await links.getByRole('link', { name: 'Jobs' }).click();
    await page.getByRole('radio', { name: 'Needs you', checked: true }).waitFor({ state: 'attached' });
    await page.getByRole('link', { name: 'Provision' }).click();
    await page.getByRole('button', { name: 'Roll back' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Roll back' }).click();
    await page.getByText(/^All its steps were undone/).waitFor();
    await links.getByRole('link', { name: 'Overview' }).click();
    await page.getByText(/^Nothing needs you/).waitFor();
  });

  /** Starts a plane as the customer does, with the file from the console. */
  async function install(file: string): Promise<void> {
    const { url } = await database('sqlite');
    const port = await freePort();
    const address = `http://127.0.0.1:${port}`;
    const env = {
      ...parseEnv(readFileSync(file, 'utf8')),
      TENANT_PLANE_DATABASE_URL: url,
      TENANT_PLANE_PUBLIC_URL: address,
    };
    customers.push(await startPlane('tenant-plane', { port, env }));
  }
});

/** The controls in view that are lower than 44 px. Small buttons inside a field do not count. */
async function smallOnes(page: Page): Promise<string[]> {
  await page.getByRole('button').first().waitFor();
  return page
    .locator(
      'button:not(.mantine-PasswordInput-visibilityToggle), nav a, [role=tab], ' +
        'input:not([type=radio], [type=checkbox]), .mantine-Radio-label, .mantine-Checkbox-label',
    )
    .evaluateAll((all) =>
      all
        .map((one) => ({ one, height: one.getBoundingClientRect().height }))
        .filter(({ one, height }) => one.checkVisibility() && height > 0 && height < 44)
        .map(({ one, height }) => `${one.outerHTML.slice(0, 160)} is ${height} px high`),
    );
}
