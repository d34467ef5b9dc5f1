import {
  ADMIN_PASSWORD,
  type SessionView,
  StandInAiProvider,
  type TestDatabase,
  createTestDatabase,
} from '@atlas/testing';
import { type Browser, type Page } from 'playwright-core';
import { type BothPlanes, startBothPlanes } from '../both-planes.fixture';
import { fillSignIn, heading } from '../people.fixture';
import { WatchedPage, chromiumPath, startBrowser } from '../watched-page.fixture';
import { untidy } from './tidy.fixture';

jest.setTimeout(300_000);

const SECRET_KEY = 'sk-never-shown-again';

/** What people ask an AI about an incident, and what admins allow. */
(chromiumPath ? describe : describe.skip)('AI in the browser', () => {
  let planes: BothPlanes;
  let provider: StandInAiProvider;
  let customers: TestDatabase;
  let browser: Browser;
  let session: SessionView;

  beforeAll(async () => {
    provider = await StandInAiProvider.start();
    [planes, browser, customers] = await Promise.all([
      startBothPlanes('postgres', {
        AI_PROVIDER_BASE_URL: provider.baseUrl,
        AI_PROVIDER_MODEL: 'stand-in-1',
      }),
      startBrowser(),
      createTestDatabase('sqlite'),
    ]);
    ({ session } = await planes.stack.tenantWithAdmin('first'));
  });
  afterAll(async () => {
    await browser.close();
    await planes.stop();
    await Promise.all([provider.stop(), customers.drop()]);
  });

  async function workspace(at: string, email: string, path: string): Promise<WatchedPage> {
    const watched = await WatchedPage.open(browser);
    await watched.page.goto(`${at}${path}`);
    await fillSignIn(watched.page, email, ADMIN_PASSWORD);
    await watched.page.getByRole('navigation').waitFor();
    return watched;
  }

  const first = (path: string): Promise<WatchedPage> =>
    workspace(`http://first.localhost:${planes.stack.tenantPlanePort}`, session.user.email, path);

  describe('is set by an admin, who', () => {
    it('allows it, and an AI of their own, on a plane in their own network', async () => {
      const { stack } = planes;
      const { body } = await stack.provision('own', { body: { deployment_model: 'on_prem' } });
      if (!body.install) throw new Error(JSON.stringify(body));
      const plane = await stack.startTenantPlane(body.install, customers);
      const { user, token } = await stack.signUp(await stack.awaitActive(body.tenant.id), plane.url);
      const stored = async () =>
        (await stack.tenant('own', '/api/ai/settings', { at: plane.url, session: token })).body;
      const watched = await workspace(plane.url, user.email, '/settings/ai');
      const { page } = watched;
      const save = page.getByRole('button', { name: 'Save', exact: true });

      await heading(page, 'AI');
      await page.getByText('AI is off', { exact: true }).waitFor();
      await page.getByText('starts as denied until an admin allows it').waitFor();
      expect(await page.getByRole('switch', { name: 'Analyses of incidents' }).isChecked()).toBe(false);
      expect(await save.isDisabled()).toBe(true);
      const found = await untidy(page);
      await page.getByRole('button', { name: 'Switch AI on' }).click();
      await page.getByRole('dialog').getByText('an AI through the Control Plane').waitFor();
      found.push(...(await untidy(page)));
      await page.getByRole('dialog').getByRole('button', { name: 'Switch AI on' }).click();
      await page.getByText('nothing that it may be asked for is allowed yet').waitFor();

      await page.getByRole('switch', { name: 'Analyses of incidents' }).check();
      await page.getByText('Your changes are not saved yet.').waitFor();
      await page.getByRole('navigation').getByRole('link', { name: 'Alerts' }).click();
      await page.getByText('Leave without saving?').waitFor();
      await page.getByRole('button', { name: 'Stay here' }).click();
      await page.getByRole('switch', { name: 'Use an AI of your own' }).check();
      await page.getByLabel('Address').fill(provider.baseUrl);
      await page.getByLabel('Model').fill('our-model');
      await page.getByRole('button', { name: 'Set a key' }).click();
      await page.getByLabel('New API key').fill(SECRET_KEY);
      await page.getByRole('radio', { name: 'Always' }).check();
      found.push(...(await untidy(page)));
      await save.click();
      await page.getByRole('status').getByText('Saved.').waitFor();
      await page.getByText(`Questions go to your own AI at ${new URL(provider.baseUrl).host}.`).waitFor();
      await page.getByText('Key set. It is never shown.').waitFor();
      expect(await page.content()).not.toContain(SECRET_KEY);
      expect(await stored()).toMatchObject({
        allow_control_plane: true,
        features: { analysis: 'allow', runbook_draft: 'deny' },
        own_endpoint: { base_url: provider.baseUrl, model: 'our-model', use: 'only', has_api_key: true },
      });

      await page.getByLabel('Address').fill('http://elsewhere.example/v1');
      await save.click();
      await page.getByText('The address names another server now.').waitFor();
      expect(await stored()).toMatchObject({ own_endpoint: { base_url: provider.baseUrl } });
      await page.getByRole('button', { name: 'Undo my changes' }).click();
      await page.getByRole('switch', { name: 'Use an AI of your own' }).uncheck();
      await page.getByText('is removed when you save').waitFor();
      await save.click();
      await page.getByText('Questions go to an AI through the Control Plane of Atlas.').waitFor();
      expect(await stored()).toMatchObject({ own_endpoint: null, features: { analysis: 'allow' } });
      expect([...found, ...watched.faults]).toEqual([]);
      await page.context().close();
    });

    it('is told why an address is refused, and sees what another admin has saved meanwhile', async () => {
      const watched = await first('/settings/ai');
      const { page } = watched;
      const save = page.getByRole('button', { name: /^Save/ });
      await page.getByRole('switch', { name: 'Use an AI of your own' }).check();
      await page.getByLabel('Address').fill('http://llm.example.com/v1');
      await page.getByLabel('Model').fill('our-model');
      await save.click();
      await page.getByText('This must be https').waitFor();
      await page.getByLabel('Address').fill('https://10.1.2.3/v1');
      await save.click();
      await page.getByRole('alert').getByText('cannot be called').waitFor();
      const found = await untidy(page);
      await page.getByRole('button', { name: 'Undo my changes' }).click();
      await page.getByRole('switch', { name: 'Analyses of incidents' }).uncheck();
      await allow({ analysis: 'allow', runbook_draft: 'deny' });
      await save.click();
      await page.getByText('The AI was changed meanwhile').waitFor();
      await page.getByRole('row', { name: 'Drafts of runbooks denied allowed' }).waitFor();
      found.push(...(await untidy(page)));
      await page.getByRole('button', { name: 'Keep theirs' }).click();
      await page.getByRole('switch', { name: 'Drafts of runbooks', checked: false }).waitFor();
      await allow({ analysis: 'allow', runbook_draft: 'allow' });
      expect([...found, ...watched.faults]).toEqual([]);
      await page.context().close();
    });

    it('alone changes it: others see what is allowed', async () => {
      const watched = await asRole(await first('/settings/ai'), 'fulfiller');
      const { page } = watched;
      await page.getByText('Analyses of incidents: allowed').waitFor();
      await page.getByText('An admin can change this.').waitFor();
      expect(await page.getByRole('switch').count()).toBe(0);
      expect(await page.getByRole('button', { name: 'Switch AI off' }).count()).toBe(0);
      expect([...(await untidy(page)), ...watched.faults]).toEqual([]);
      await page.context().close();
    });
  });

  async function allow(features: object): Promise<void> {
    const body = { allow_control_plane: true, features };
    const options = { method: 'PUT', body, session: session.token };
    const { status } = await planes.stack.tenant('first', '/api/ai/settings', options);
    expect(status).toBe(200);
  }
});

/** The page as somebody with another role sees it. */
async function asRole(watched: WatchedPage, role: string): Promise<WatchedPage> {
  const { page } = watched;
  await page.route('**/api/auth/me', async (route) => {
    const answer = await fetched(page, route.request().url(), route.request().headers());
    const me = (await answer.json()) as { readonly user: object };
    await route.fulfill({ json: { ...me, user: { ...me.user, role } } });
  });
  await page.reload();
  await page.getByRole('navigation').waitFor();
  return watched;
}

/** Node.js does not know the names below localhost. */
function fetched(page: Page, url: string, headers: Record<string, string>) {
  const address = new URL(url);
  const { host } = address;
  address.hostname = '127.0.0.1';
  return page.context().request.get(address.href, { headers: { ...headers, host } });
}
