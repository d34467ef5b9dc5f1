import { readFileSync } from 'node:fs';
import { type Server, createServer } from 'node:http';
import { type AddressInfo } from 'node:net';
import {
  ADMIN_PASSWORD,
  type SessionView,
  StandInAiProvider,
  type TenantView,
  type TestDatabase,
  createTestDatabase,
  eventually,
} from '@atlas/testing';
import { uuidv7 } from '@atlas/tenancy';
import { type Browser, type Locator, type Page } from 'playwright-core';
import { type BothPlanes, startBothPlanes } from '../both-planes.fixture';
import { Operator, fillSignIn, heading } from '../people.fixture';
import { WatchedPage, chromiumPath, startBrowser } from '../watched-page.fixture';
import { DAY, Rows, ago } from './states/rows.fixture';
import { untidy } from './tidy.fixture';

jest.setTimeout(300_000);

const SECRET_KEY = 'sk-never-shown-again';

/** What operators sell, and what tenants see of it. */
(chromiumPath ? describe : describe.skip)('plans in the browser', () => {
  let planes: BothPlanes;
  let provider: StandInAiProvider;
  let customers: TestDatabase;
  let rows: Rows;
  let browser: Browser;
  let console: WatchedPage;
  let tenant: TenantView;
  let session: SessionView;

  beforeAll(async () => {
    provider = await StandInAiProvider.start();
    [planes, browser, customers] = await Promise.all([
      startBothPlanes('postgres', {
        WEBHOOKS_TO_ANY_ADDRESS: '1',
        AI_PROVIDER_BASE_URL: provider.baseUrl,
        AI_PROVIDER_MODEL: 'stand-in-1',
      }),
      startBrowser(),
      createTestDatabase('sqlite'),
    ]);
    rows = await Rows.open(planes.stack.controlPlaneDatabase);
    ({ tenant, session } = await planes.stack.tenantWithAdmin('first'));
    await ask('/api/incidents', { title: 'Nobody can pay', severity: 'P1' });
    console = (await Operator.signIn(browser, planes.stack.controlPlane.url)).watched;
  });
  afterAll(async () => {
    await browser.close();
    await rows.close();
    await planes.stop();
    await Promise.all([provider.stop(), customers.drop()]);
  });
  beforeEach(() => void console.faults.splice(0));

  async function ask<T>(path: string, body: object, method = 'POST'): Promise<T> {
    const answer = await planes.stack.tenant<T>('first', path, { method, body, session: session.token });
    if (answer.status >= 300) throw new Error(`${method} ${path}: ${JSON.stringify(answer.body)}`);
    return answer.body;
  }

  async function operate<T>(path: string, body?: object, method = 'POST'): Promise<T> {
    const answer = await planes.stack.api<T>(path, body ? { method, body } : {});
    if (answer.status >= 300) throw new Error(`${method} ${path}: ${JSON.stringify(answer.body)}`);
    return answer.body;
  }

  async function toPlanOf({ id, slug }: TenantView): Promise<Page> {
    const { page } = console;
    await page.goto(`${planes.stack.controlPlane.url}/console/tenants/${id}`);
    await heading(page, `Tenant ${slug}`);
    await page.getByRole('tab', { name: 'Plan' }).click();
    await page.getByRole('heading', { name: /^Plan: / }).waitFor();
    return page;
  }

  async function workspace(at: string, email: string, path: string): Promise<WatchedPage> {
    const watched = await WatchedPage.open(browser);
    await watched.page.goto(`${at}${path}`);
    await fillSignIn(watched.page, email, ADMIN_PASSWORD);
    await watched.page.getByRole('navigation').waitFor();
    return watched;
  }

  const first = (path: string): Promise<WatchedPage> =>
    workspace(`http://first.localhost:${planes.stack.tenantPlanePort}`, session.user.email, path);

  it('are compared in one table', async () => {
    const { page } = console;
    await page.getByRole('navigation').getByRole('link', { name: 'Plans' }).click();
    await heading(page, 'Plans');
    await page.getByRole('row', { name: 'Agents 10 100 ' }).waitFor();
    await page.getByRole('row', { name: 'Runbook drafts by AI no yes yes' }).waitFor();
    expect([...(await untidy(page)), ...console.faults]).toEqual([]);
  });

  it('are changed for one tenant, with limits of its own, unless somebody else was faster', async () => {
    const page = await toPlanOf(tenant);
    await page.getByRole('row', { name: /^Newest lease Serial \d+$/ }).waitFor();
    const found = await untidy(page);
    await page.getByRole('button', { name: 'Change the plan' }).click();
    const dialog = page.getByRole('dialog');
    await choose(page, dialog, 'Plan', 'Operations');
    await dialog.getByLabel('Agents').fill('12');
    found.push(...(await untidy(page)));
    await dialog.getByRole('button', { name: 'Save' }).click();
    await dialog.waitFor({ state: 'detached' });
    await page.getByRole('heading', { name: 'Plan: Operations' }).waitFor();
    await page.getByRole('row', { name: 'Agents 100 12 (agreed)' }).waitFor();
    await page.getByRole('button', { name: 'Change the plan' }).click();
    await dialog.getByLabel('Agents').fill('');
    await operate(`/api/tenants/${tenant.id}`, { plan_overrides: { limits: { users: 7 } } }, 'PATCH');
    await dialog.getByRole('button', { name: 'Save' }).click();
    await dialog.getByRole('alert').getByText('was changed meanwhile').waitFor();
    await dialog.getByRole('row', { name: 'Users and open invitations 7 as in the plan' }).waitFor();
    await dialog.getByRole('button', { name: 'Save mine' }).click();
    await dialog.waitFor({ state: 'detached' });
    const stored = await operate<{ plan: string; plan_overrides: unknown }>(`/api/tenants/${tenant.id}`);
    expect(stored).toMatchObject({ plan: 'operations', plan_overrides: null });
    expect([...found, ...console.faults]).toEqual([]);
  });

  it('show what the tenant has used, by day', async () => {
    await eventually(
      async () => {
        const { total } = await operate<{ total: { incidents?: number } }>(`/api/tenants/${tenant.id}/usage`);
        return (total.incidents ?? 0) > 0;
      },
      { timeoutMs: 90_000, what: 'the plane has reported its usage' },
    );
    const page = await toPlanOf(tenant);
    const table = page.getByRole('table', { name: 'Usage by day' });
    await table.getByRole('columnheader', { name: 'incidents' }).waitFor();
    await table.getByRole('row', { name: /^Total/ }).waitFor();
    await page.getByText(/^AI: 0 of [\d,]+ credits are used/).waitFor();
    const found = await untidy(page);
    await page.getByRole('button', { name: 'Month before' }).click();
    await page.getByText('The plane has reported nothing for this month.').waitFor();
    await page.getByRole('button', { name: 'This month' }).click();
    await table.waitFor();
    expect([...found, ...console.faults]).toEqual([]);
  });

  it('stop nothing but paid extras while a bill is unpaid, which the tenant is told', async () => {
    const page = await toPlanOf(tenant);
    await page.getByRole('button', { name: 'Change the state of the bill' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByRole('radio', { name: 'Past due' }).check();
    const found = await untidy(page);
    await dialog.getByRole('button', { name: 'Save' }).click();
    await dialog.waitFor({ state: 'detached' });
    await page.getByText('SLOs, runbooks and AI become read-only in 14 days').waitFor();

    const watched = await first('/plan');
    const admin = watched.page;
    await heading(admin, 'Plan and usage');
    await admin.getByRole('status').getByText('A bill is unpaid').first().waitFor();
    found.push(...(await untidy(admin)));
    await admin.goto(admin.url().replace('/plan', '/slos'));
    await admin.getByRole('link', { name: 'Add an objective' }).waitFor();

    await rows.change('tenants', tenant.id, { past_due_since: ago(20 * DAY) });
    await operate(`/api/tenants/${tenant.id}`, { plan_overrides: { limits: { users: 9 } } }, 'PATCH');
    await eventually(
      async () =>
        (await planes.stack.tenant('first', '/api/entitlements', { session: session.token })).body[
          'read_only'
        ] === 'past_due',
      { what: 'the plane has the new lease' },
    );
    // The page was loaded before, and does not know it yet.
    await admin.getByRole('link', { name: 'Add an objective' }).click();
    await admin.getByLabel('Name').fill('Checkout');
    await admin.getByRole('button', { name: 'Add the objective' }).click();
    await admin.getByText('SLOs can only be read').waitFor();
    expect(await admin.getByLabel('Name').inputValue()).toBe('Checkout');
    await admin.getByText('Ask the person who looks after your contract', { exact: false }).first().waitFor();
    for (const path of ['/slos', '/runbooks', '/runbooks/new', '/settings/automation']) {
      await admin.goto(new URL(path, admin.url()).toString());
      await admin.getByRole('status').getByText('can only be read').nth(1).waitFor();
      expect(await admin.getByRole('link', { name: /Add an objective|Write a runbook/ }).count()).toBe(0);
    }
    found.push(...(await untidy(admin)));
    await toPlanOf(tenant);
    await page.getByText('SLOs, runbooks and AI can only be read since').waitFor();
    await operate(`/api/tenants/${tenant.id}/billing-state`, { state: 'ok' });
    expect([...found, ...console.faults, ...watched.faults]).toEqual([]);
    await admin.context().close();
  });

  it('say that a limit is reached before and after the click, and who can change it', async () => {
    await operate(`/api/tenants/${tenant.id}`, { plan_overrides: { limits: { data_sources: 0 } } }, 'PATCH');
    await eventually(
      async () => {
        const { body } = await planes.stack.tenant<{ limits: { data_sources: number } }>(
          'first',
          '/api/entitlements',
          { session: session.token },
        );
        return body.limits.data_sources === 0;
      },
      { what: 'the plane has the new lease' },
    );
    const watched = await first('/data-sources/new');
    const { page } = watched;
    await page.getByRole('status').getByText('Data sources: the plan’s limit is reached').waitFor();
    await page.getByLabel('Name').fill('Alertmanager');
    await page.getByRole('button', { name: 'Add it and show the key' }).click();
    await page.getByRole('alert').getByText('ask whoever runs Atlas for you to change the plan').waitFor();
    const found = await untidy(page);
    await page.getByRole('link', { name: 'See the plan and usage' }).first().click();
    await page.getByRole('row', { name: 'Data sources 0 (full) 0' }).waitFor();
    expect([...found, ...watched.faults]).toEqual([]);
    await page.context().close();
  });

  it('reach a plane without a connection as a lease file', async () => {
    const { stack } = planes;
    const { body } = await stack.provision('own', { body: { deployment_model: 'on_prem' } });
    if (!body.install) throw new Error(JSON.stringify(body));
    const plane = await stack.startTenantPlane(body.install, customers);
    const own = await stack.awaitActive(body.tenant.id);
    const { user } = await stack.signUp(own, plane.url);
    const page = await toPlanOf(own);
    const serialOf = (file: string): number => JSON.parse(readFileSync(file, 'utf8')).serial;
    const issue = async (): Promise<string> => {
      await page.getByLabel('Days that a lease file is valid').fill('40');
      await page.getByRole('button', { name: 'Issue a lease file' }).click();
      await page.getByText('The lease is ready').waitFor();
      const download = page.waitForEvent('download');
      await page.getByRole('link', { name: 'Download the lease' }).click();
      return (await download).path();
    };
    const older = await issue();
    await page.getByRole('row', { name: `Newest lease Serial ${serialOf(older)}` }).waitFor();
    const found = await untidy(page);
    await page.reload();
    await page.getByRole('tab', { name: 'Plan' }).click();
    const newer = await issue();
    expect(serialOf(newer)).toBeGreaterThan(serialOf(older));

    const watched = await workspace(plane.url, user.email, '/plan');
    const admin = watched.page;
    const load = async (file: string): Promise<void> => {
      await admin.locator('input[type=file]').setInputFiles(file);
      await admin.getByRole('button', { name: 'Load the lease' }).click();
    };
    await heading(admin, 'Plan and usage');
    await admin.getByText('The next lease replaces this one').waitFor();
    await load(newer);
    await admin.getByText('The lease is loaded.').waitFor();
    await admin.getByRole('row', { name: `Serial ${serialOf(newer)}` }).waitFor();
    found.push(...(await untidy(admin)));
    await load(older);
    await admin.getByRole('alert').getByText('Load the newest one').waitFor();
    await admin.locator('input[type=file]').setInputFiles(__filename);
    await admin.getByRole('button', { name: 'Load the lease' }).click();
    await admin.getByText('This is not a lease file.').waitFor();
    expect([...found, ...console.faults, ...watched.faults]).toEqual([]);
    await admin.context().close();
  });

  it('pay for AI providers, whose keys are only written', async () => {
    const { page } = console;
    await page.getByRole('navigation').getByRole('link', { name: 'AI' }).click();
    await heading(page, 'AI');
    await page.getByRole('button', { name: 'Add a provider' }).click();
    const dialog = page.getByRole('dialog');
    await choose(page, dialog, 'Kind', 'Anthropic');
    await dialog.getByLabel('Name').fill('Anthropic');
    await dialog.getByLabel('Address').fill('https://api.anthropic.com');
    await dialog.getByLabel('Models for Core').fill('claude-haiku-4-5');
    await dialog.getByLabel('API key').fill(SECRET_KEY);
    const found = await untidy(page);
    await dialog.getByRole('button', { name: 'Add', exact: true }).click();
    await dialog.waitFor({ state: 'detached' });
    const row = page.getByRole('row', { name: /Anthropic/ });
    await row.getByText('Key set').waitFor();
    await row.getByText('Core: claude-haiku-4-5').waitFor();
    await row.getByText('Enterprise: not asked').waitFor();
    found.push(...(await untidy(page)));
    await page.getByRole('button', { name: 'Edit Anthropic' }).click();
    await dialog.getByText('Key set. It is never shown.').waitFor();
    await dialog.getByRole('switch', { name: 'Ask this provider' }).uncheck();
    await dialog.getByRole('button', { name: 'Replace the key' }).click();
    await dialog.getByLabel('New API key').fill(`${SECRET_KEY}-2`);
    found.push(...(await untidy(page)));
    await dialog.getByRole('button', { name: 'Save', exact: true }).click();
    await dialog.waitFor({ state: 'detached' });
    await row.getByText('disabled').waitFor();
    await page.getByText('No provider is asked at the moment.').waitFor();
    expect(await page.content()).not.toContain(SECRET_KEY);
    await page.getByRole('button', { name: 'Remove Anthropic' }).click();
    await dialog.getByRole('button', { name: 'Remove' }).click();
    await page.getByText('No provider yet.').waitFor();
    expect([...found, ...console.faults]).toEqual([]);
  });

  it('are read by support, who see neither providers nor subscriptions', async () => {
    const watched = await console.tab();
    const { page } = watched;
    const asked: string[] = [];
    page.on('request', (request) => void asked.push(new URL(request.url()).pathname));
    await page.route('**/api/auth/me', async (route) => {
      const answer = await route.fetch();
      await route.fulfill({ response: answer, json: { ...(await answer.json()), role: 'support' } });
    });
    await page.goto(`${planes.stack.controlPlane.url}/console/ai`);
    await page.getByText('Only owners see and change the AI providers').waitFor();
    await page.goto(`${planes.stack.controlPlane.url}/console/events`);
    await page.getByText('Only owners and admins see and change which systems').waitFor();
    await page.goto(`${planes.stack.controlPlane.url}/console/tenants/${tenant.id}`);
    await page.getByRole('tab', { name: 'Plan' }).click();
    await page.getByRole('heading', { name: 'Plan: ' }).waitFor();
    expect(await page.getByRole('button', { name: /^Change/ }).count()).toBe(0);
    expect(asked.filter((path) => /^\/api\/.*(providers|subscriptions)/.test(path))).toEqual([]);
    expect(watched.faults).toEqual([]);
    await page.close();
  });

  it('do not keep other systems from being told what happens', async () => {
    const received: string[] = [];
    const receiver = await listening(received);
    const { page } = console;
    await page.getByRole('navigation').getByRole('link', { name: 'Events' }).click();
    await page.getByText('No system is told yet.').waitFor();
    // Notifications behind a dialog are dimmed, so they are left to disappear first.
    await page.locator('.mantine-Notification-root').first().waitFor({ state: 'detached' });
    await page.getByRole('button', { name: 'Subscribe' }).click();
    const dialog = page.getByRole('dialog');
    const { port } = receiver.address() as AddressInfo;
    await dialog.getByLabel('Address').fill(`http://127.0.0.1:${port}/in-the-path`);
    await dialog.getByLabel('Description').fill('On-call chat');
    const found = await untidy(page);
    await dialog.getByRole('button', { name: 'Subscribe' }).click();
    const secret = await dialog.getByText(/^whsec_/).innerText();
    await dialog.getByRole('button', { name: 'Copy the secret' }).waitFor();
    found.push(...(await untidy(page)));
    await dialog.getByRole('button', { name: 'I have saved the secret' }).click();
    await dialog.waitFor({ state: 'detached' });
    await page.getByRole('row', { name: /On-call chat/ }).waitFor();
    const shown = await page.content();
    expect([shown.includes(secret), shown.includes('in-the-path')]).toEqual([false, false]);
    await page.getByRole('button', { name: 'Deliveries to On-call chat' }).click();
    await dialog.getByText('Nothing was sent yet.').waitFor();
    await dialog.getByRole('button', { name: 'Send a test' }).click();
    await dialog.getByText(/^204 after /).waitFor();
    found.push(...(await untidy(page)));
    await dialog.getByRole('button', { name: 'Show the details of A test' }).click();
    await page.getByText('Id of the event:').waitFor();
    expect(received.map((body) => JSON.parse(body).type)).toEqual(['test']);
    await page.keyboard.press('Escape');
    await page.keyboard.press('Escape');
    await page.getByRole('button', { name: 'Delete On-call chat' }).click();
    await dialog.getByRole('button', { name: 'Delete' }).click();
    await page.getByText('No system is told yet.').waitFor();
    receiver.close();
    expect([...found, ...console.faults]).toEqual([]);
  });

  it('run on planes, of which the fleet says which are behind', async () => {
    const id = uuidv7();
    await rows.copy('tenant_planes', { id, name: 'old-cell', version: '0.0.1', last_report_at: new Date() });
    const { page } = console;
    await page.getByRole('navigation').getByRole('link', { name: 'Fleet' }).click();
    await page.getByText(/^The newest version is /).waitFor();
    await page.getByText(/1 of \d enrolled planes runs an older one/).waitFor();
    await page.getByRole('row', { name: /old-cell.*behind/ }).waitFor();
    await page.getByRole('switch', { name: 'Only planes that are behind' }).check();
    await page.getByRole('link', { name: /^cell-/ }).waitFor({ state: 'detached' });
    await page.getByRole('row', { name: /old-cell/ }).waitFor();
    expect([...(await untidy(page)), ...console.faults]).toEqual([]);
  });

  it('let an admin see what may leave, what has left, and what was refused', async () => {
    const { id } = await ask<{ id: string }>('/api/incidents', { title: 'Disk full', severity: 'P2' });
    await ask('/api/ai/settings', { allow_control_plane: true }, 'PUT');
    await ask(`/api/ai/incidents/${id}/analysis`, {});
    const watched = await first('/residency');
    const { page } = watched;
    const calls = page.getByRole('region', { name: 'Calls' });
    await eventually(
      async () => {
        await page.getByRole('button', { name: 'Newer calls' }).click();
        return (await calls.getByText('Question to the AI').count()) > 0;
      },
      { what: 'the call is in the ledger' },
    );
    const planeRows = await Rows.open(planes.tenantPlaneDatabase);
    await planeRows.copy('egress_calls', {
      id: uuidv7(),
      refused: true,
      destination: 'https://elsewhere.example',
    });
    await planeRows.close();
    await page.getByRole('button', { name: 'Newer calls' }).click();
    await calls.getByRole('row', { name: /refused https:\/\/elsewhere.example/ }).waitFor();
    await page.getByRole('status').getByText('A call was refused, and nothing was sent.').waitFor();
    const download = page.waitForEvent('download');
    await page.getByRole('link', { name: 'Export' }).click();
    expect(readFileSync(await (await download).path(), 'utf8')).toContain('"class":"ai_prompt"');
    const may = page.getByRole('table', { name: 'What may leave' });
    await may
      .getByRole('row', { name: /Question to the AI/ })
      .getByText(/^\d+ fields$/)
      .click();
    const found = await untidy(page);
    await page.getByLabel('To').fill('2020-01-01');
    await page.getByText('Nothing left in these days.').waitFor();
    await page.getByRole('button', { name: 'Clear' }).click();
    await calls.getByText('Question to the AI').first().waitFor();
    expect([...found, ...watched.faults]).toEqual([]);
    await page.context().close();
  });

  it('say what keeps working while the Control Plane is away', async () => {
    const watched = await first('/outages');
    const { page } = watched;
    const table = page.getByRole('table', { name: 'What works in an outage' });
    await page.getByText('Everything works now.').waitFor();
    await table.getByRole('row', { name: /^AI .*works refused refused refused refused$/ }).waitFor();
    await table.getByRole('row', { name: /^SLOs .*works works works works degraded$/ }).waitFor();
    const found = await untidy(page);
    await planes.stack.controlPlane.end('SIGKILL');
    await page.getByText('Not everything works now: AI (refused)').waitFor({ timeout: 120_000 });
    await page.getByRole('columnheader', { name: 'At once (now)' }).waitFor();
    await page.getByRole('link', { name: 'See what keeps working' }).waitFor({ timeout: 60_000 });
    found.push(...(await untidy(page)));
    expect([...found, ...watched.faults]).toEqual([]);
    await page.context().close();
  });
});

async function choose(page: Page, dialog: Locator, label: string, option: string): Promise<void> {
  await dialog
    .getByRole('combobox', { name: label, exact: true })
    .or(dialog.getByLabel(label, { exact: true }))
    .first()
    .click();
  await page.getByRole('option', { name: option }).click();
}

async function listening(received: string[]): Promise<Server> {
  const server = createServer(async (request, response) => {
    received.push(Buffer.concat(await request.toArray()).toString());
    response.writeHead(204).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
}
