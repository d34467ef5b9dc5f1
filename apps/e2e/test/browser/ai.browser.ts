import {
  ADMIN_PASSWORD,
  type SessionView,
  StandInAiProvider,
  type TenantView,
  type TestDatabase,
  createTestDatabase,
  eventually,
} from '@atlas/testing';
import { type Browser, type Locator, type Page } from 'playwright-core';
import { type BothPlanes, startBothPlanes } from '../both-planes.fixture';
import { fillSignIn, heading } from '../people.fixture';
import { WatchedPage, chromiumPath, startBrowser } from '../watched-page.fixture';
import { untidy } from './tidy.fixture';

jest.setTimeout(300_000);

/** More than the page loads at first. */
const NOTES = 60;

interface Named {
  readonly id: string;
}

interface Incident extends Named {
  readonly ci_ids: readonly string[];
}

/** What the planes refuse for reasons that take long to arrange, and what the page says. */
const REFUSALS: readonly (readonly [body: object, status: number, says: string | RegExp])[] = [
  [
    { code: 'payment_required', title: 'Payment required', detail: 'no', reason: 'past_due' },
    402,
    'A bill has been unpaid for more than 14 days.',
  ],
  [
    { code: 'module_not_in_plan', title: 'Forbidden', detail: 'The plan core does not include it.' },
    403,
    'The plan core does not include it.',
  ],
  [
    { code: 'quota_exceeded', title: 'Forbidden', detail: 'no' },
    403,
    'Too few AI credits are left in this month.',
  ],
  [
    {
      code: 'ai_unavailable',
      title: 'Unavailable',
      detail:
        "The tenant's own AI did not answer: it is unreachable. An admin can change it: " +
        'PUT /api/ai/settings {"own_endpoint": …}. Before that, the Control Plane did not answer: ' +
        'no provider is configured.',
    },
    503,
    /it is unreachable\. Before that, .* no provider is configured\.\s+Change this in the settings/,
  ],
];

const DRAFT = {
  name: 'Free the disk',
  description: 'Run it if a disk is full.',
  steps: [
    { name: 'Look at the disk', kind: 'shell', risk: 'low', config: { command: 'df', args: ['-h'] } },
    { name: 'Tell the team', kind: 'manual', risk: 'low', config: { instructions: 'Write to them.' } },
  ],
};

const SECRET_KEY = 'sk-never-shown-again';

/** What people ask an AI about an incident, and what admins allow. */
(chromiumPath ? describe : describe.skip)('AI in the browser', () => {
  let planes: BothPlanes;
  let provider: StandInAiProvider;
  let customers: TestDatabase;
  let browser: Browser;
  let tenant: TenantView;
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
    ({ tenant, session } = await planes.stack.tenantWithAdmin('first'));
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
    /** A plane in the tenant's own network, which may call an AI there. */
    let at: string;
    let admin: SessionView;
    beforeAll(async () => {
      const { stack } = planes;
      const { body } = await stack.provision('own', { body: { deployment_model: 'on_prem' } });
      if (!body.install) throw new Error(JSON.stringify(body));
      ({ url: at } = await stack.startTenantPlane(body.install, customers));
      admin = await stack.signUp(await stack.awaitActive(body.tenant.id), at);
    });

    async function settings(change?: object): Promise<object> {
      const put = change && { method: 'PUT', body: change };
      const options = { at, session: admin.token, ...put };
      const { status, body } = await planes.stack.tenant<object>('own', '/api/ai/settings', options);
      if (status !== 200) throw new Error(JSON.stringify(body));
      return body;
    }

    it('allows it, and an AI of their own, on a plane in their own network', async () => {
      const watched = await workspace(at, admin.user.email, '/settings/ai');
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
      expect(await settings()).toMatchObject({
        allow_control_plane: true,
        features: { analysis: 'allow', runbook_draft: 'deny' },
        own_endpoint: { base_url: provider.baseUrl, model: 'our-model', use: 'only', has_api_key: true },
      });

      await page.getByLabel('Address').fill('http://elsewhere.example/v1');
      await save.click();
      await page.getByText('The address names another server now.').waitFor();
      expect(await settings()).toMatchObject({ own_endpoint: { base_url: provider.baseUrl } });
      await page.getByRole('button', { name: 'Undo my changes' }).click();
      await page.getByRole('switch', { name: 'Use an AI of your own' }).uncheck();
      await page.getByText('is removed when you save').waitFor();
      await save.click();
      await page.getByText('Questions go to an AI through the Control Plane of Atlas.').waitFor();
      expect(await settings()).toMatchObject({ own_endpoint: null, features: { analysis: 'allow' } });
      expect([...found, ...watched.faults]).toEqual([]);
      await page.context().close();
    });

    it('undoes what they have entered, keys included', async () => {
      await settings(ownAi(provider.baseUrl));
      const watched = await workspace(at, admin.user.email, '/settings/ai');
      const { page } = watched;
      const keyIsSet = page.getByText('Key set. It is never shown.');
      const undo = page.getByRole('button', { name: 'Undo my changes' });
      await page.getByRole('button', { name: 'Replace the key' }).click();
      await page.getByLabel('New API key').fill(SECRET_KEY);
      await undo.click();
      await keyIsSet.waitFor();
      await page.getByRole('button', { name: 'Remove the key' }).click();
      await page.getByText('The key is removed when you save.').waitFor();
      await undo.click();
      await keyIsSet.waitFor();
      expect(await undo.count()).toBe(0);
      expect(watched.faults).toEqual([]);
      await page.context().close();
    });

    it('replaces the AI that another admin has saved meanwhile', async () => {
      await settings(ownAi(provider.baseUrl));
      const watched = await workspace(at, admin.user.email, '/settings/ai');
      const { page } = watched;
      const save = page.getByRole('button', { name: /^Save/ });
      const saved = page.getByRole('status').getByText('Saved.');
      const analyses = page.getByRole('switch', { name: 'Analyses of incidents' });

      await analyses.uncheck();
      await settings(ownAi('http://127.0.0.1:9/v1'));
      await save.click();
      await page.getByRole('row', { name: `Address http://127.0.0.1:9/v1 ${provider.baseUrl}` }).waitFor();
      await save.click();
      await page.getByText('The address names another server now.').waitFor();
      await page.getByRole('button', { name: 'Replace the key' }).click();
      await page.getByLabel('New API key').fill(SECRET_KEY);
      await save.click();
      await saved.waitFor();
      expect(await settings()).toMatchObject({
        features: { analysis: 'deny' },
        own_endpoint: { base_url: provider.baseUrl, has_api_key: true },
      });

      // Theirs has no key any more that could stay as it is.
      await analyses.check();
      await settings({
        allow_control_plane: true,
        features: { analysis: 'deny', runbook_draft: 'allow' },
        own_endpoint: null,
      });
      await save.click();
      await page.getByRole('row', { name: 'API key – none' }).waitFor();
      await page.getByText('No key is set.').waitFor();
      const found = await untidy(page);
      await save.click();
      await saved.waitFor();
      expect(await settings()).toMatchObject({
        features: { analysis: 'allow' },
        own_endpoint: { base_url: provider.baseUrl, has_api_key: false },
      });
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

  describe('analyses an incident for somebody who', () => {
    let incident: Incident;
    let watched: WatchedPage;
    let page: Page;
    let analysis: Locator;
    beforeAll(async () => {
      incident = await alarm('web-1');
      for (let note = 1; note <= NOTES; note++)
        await ask(`/api/incidents/${incident.id}/notes`, { text: `Note ${note}` });
      watched = await first(`/incidents/${incident.id}`);
      ({ page } = watched);
      analysis = page.locator('#analysis');
    });
    afterAll(() => page.context().close());
    beforeEach(() => {
      provider.answerProperly();
      watched.faults.splice(0);
    });

    it('sees ranked causes, whose citations lead to places in the page', async () => {
      const {
        id,
        ci_ids: [item = ''],
      } = incident;
      const { items: alerts } = await read<{ items: Named[] }>(`/api/alerts?incident_id=${id}`);
      const note = await lastNote(id);
      const cause = { reasoning: 'It grew steadily.', citations: [] };
      provider.text = 'The volume of web-1 is full.';
      provider.hypotheses = [
        { ...cause, title: 'A large upload', confidence: 0.2 },
        {
          ...cause,
          title: 'Log rotation is off',
          confidence: 0.8,
          citations: [
            { kind: 'alert', id: alerts[0]?.id },
            { kind: 'ci', id: item },
            { kind: 'timeline', id: note },
          ],
        },
      ];
      await analysis.getByRole('button', { name: 'Analyse', exact: true }).click();
      await analysis.getByRole('status').getByText('It names 2 possible causes.').waitFor();
      await analysis.getByText('By stand-in-1. An AI can be wrong').waitFor();
      const causes = analysis.getByRole('list', { name: 'Possible causes' });
      const [likely] = await causes.getByText(/^1\. /).allInnerTexts();
      expect(likely).toBe('1. Log rotation is off');
      await causes.getByText('Confidence 80 %').waitFor();
      await causes.getByText('It cites nothing from this incident.').waitFor();
      const found = await untidy(page);

      const support = causes.getByRole('list', { name: 'What supports cause 1' });
      for (const [name, part] of [
        ['Alert: DiskFull', `alert-${alerts[0]?.id}`],
        ['Item: web-1', `ci-${item}`],
        // It is too far down to be loaded yet.
        [/timeline/i, `timeline-${note}`],
      ] as const) {
        await support.getByRole('link', { name }).focus();
        await page.keyboard.press('Enter');
        await page.locator(`[id="${part}"]:focus`).waitFor();
      }
      await page.getByText(`Note ${NOTES}`, { exact: true }).waitFor();
      await support.getByRole('link', { name: `Timeline: Note ${NOTES}` }).waitFor();
      // The answer is still there.
      await causes.getByText('2. A large upload').waitFor();
      found.push(...(await untidy(page)));
      await analysis.getByRole('button', { name: 'Add as a note' }).click();
      await page.getByText('Log rotation is off (80 %)').first().waitFor();
      expect([...found, ...watched.faults]).toEqual([]);
    });

    it('presses the button again and again, or stops the answer', async () => {
      const asked = provider.asked.length;
      provider.stopAfter(3);
      const button = analysis.getByRole('button', { name: /^Analyse/ });
      await button.focus();
      for (let press = 0; press < 5; press++) await page.keyboard.press('Enter');
      await analysis.getByRole('status').getByText('The AI is writing.').waitFor();
      await analysis.getByText('The volume', { exact: false }).waitFor();
      // Only the state is read out, not each word.
      expect(await analysis.locator('[aria-live], [role=status], [role=log]').count()).toBe(1);
      expect(await button.evaluate((element) => element === document.activeElement)).toBe(true);
      await button.dispatchEvent('click');
      const found = await untidy(page);
      await button.focus();
      await page.keyboard.press('Tab');
      await page.keyboard.press('Enter');
      await analysis.getByRole('status').getByText('You stopped it.').waitFor();
      expect(provider.asked.length - asked).toBe(1);
      expect(await provider.asked.at(-1)?.closed).toBe('aborted');
      provider.answerProperly();
      await button.click();
      await analysis.getByRole('status').getByText('It names 2 possible causes.').waitFor();
      expect(provider.asked.length - asked).toBe(2);
      expect([...found, ...watched.faults]).toEqual([]);
    });

    it('keeps the answer until the next one begins', async () => {
      const again = analysis.getByRole('button', { name: 'Analyse again' });
      const causes = analysis.getByRole('list', { name: 'Possible causes' });
      const refusal = { status: 402, code: 'payment_required', title: 'Payment required', detail: 'no' };
      await page.route('**/analysis', (route) =>
        route.fulfill({ status: 402, contentType: 'application/problem+json', json: refusal }),
      );
      await again.click();
      await analysis.getByRole('alert').waitFor();
      await page.unroute('**/analysis');
      await causes.getByText('1. Log rotation is off').waitFor();
      expect(await analysis.getByRole('status').innerText()).toBe('');
      const found = await untidy(page);

      provider.stopAfter(0);
      await again.click();
      await analysis.getByRole('status').getByText('The AI was asked.').waitFor();
      await causes.getByText('1. Log rotation is off').waitFor();
      expect(await analysis.getByRole('alert').count()).toBe(0);
      await analysis.getByRole('button', { name: 'Stop' }).click();
      await analysis.getByRole('status').getByText('You stopped it.').waitFor();
      await causes.getByText('1. Log rotation is off').waitFor();

      provider.stopAfter(3);
      await again.click();
      await analysis.getByRole('status').getByText('The AI is writing.').waitFor();
      expect(await causes.count()).toBe(0);
      await analysis.getByRole('button', { name: 'Stop' }).click();
      await analysis.getByRole('status').getByText('You stopped it.').waitFor();
      expect([...found, ...watched.faults]).toEqual([]);
    });

    it('is told why there is no answer, and who can change that', async () => {
      const button = analysis.getByRole('button', { name: /^Analyse/ });
      const alert = analysis.getByRole('alert');
      provider.hypotheses = [{ title: 'Without a confidence' }];
      await button.click();
      await alert.getByText('The answer could not be used').waitFor();
      const found = await untidy(page);
      for (const [body, status, says] of REFUSALS) {
        await page.route('**/analysis', (route) =>
          route.fulfill({ status, contentType: 'application/problem+json', json: { status, ...body } }),
        );
        await button.click();
        await alert.getByText(says).waitFor();
        await page.unroute('**/analysis');
      }
      expect(await analysis.innerText()).not.toContain('PUT /api');
      await allow({ analysis: 'deny', runbook_draft: 'allow' });
      await button.click();
      await alert.getByText('Analyses by AI are off for this tenant.').waitFor();
      found.push(...(await untidy(page)));
      await alert.getByRole('link', { name: 'Change this in the settings' }).click();
      await heading(page, 'AI');
      await page.goBack();
      await analysis.getByText('This is not allowed here.').waitFor();
      await analysis.getByRole('link', { name: 'Change this in the settings' }).waitFor();
      await allow({ analysis: 'allow', runbook_draft: 'allow' });
      expect([...found, ...watched.faults.filter((fault) => !/ 5\d\d /.test(fault))]).toEqual([]);
    });
  });

  describe('drafts a runbook for somebody who', () => {
    let incident: Named;
    let watched: WatchedPage;
    let page: Page;
    let part: Locator;
    let draft: Locator;
    beforeAll(async () => {
      provider.answerProperly();
      provider.text = `This frees the disk.\n\n\`\`\`json\n${JSON.stringify(DRAFT)}\n\`\`\``;
      incident = await ask('/api/incidents', { title: 'Disk full', severity: 'P2' });
      watched = await first(`/incidents/${incident.id}`);
      ({ page } = watched);
      part = page.locator('#runbook-draft');
      draft = part.getByRole('article', { name: 'Draft by AI' });
    });
    afterAll(() => page.context().close());
    beforeEach(() => void watched.faults.splice(0));

    it('reads it, and discards it', async () => {
      await part.getByRole('button', { name: 'Draft a runbook' }).click();
      await part.getByRole('status').getByText('The draft is ready. It is not saved yet.').waitFor();
      await draft.getByText('AI draft, not saved').waitFor();
      await draft.getByText('1. Look at the disk').waitFor();
      // The plane raises the risk that the AI states.
      await draft.getByText('high risk').waitFor();
      const found = await untidy(page);
      expect(await read('/api/runbooks')).toMatchObject({ items: [] });
      await draft.getByRole('button', { name: 'Discard' }).click();
      await page.getByRole('dialog').getByRole('button', { name: 'Discard' }).click();
      await draft.waitFor({ state: 'detached' });
      expect([...found, ...watched.faults]).toEqual([]);
    });

    it('is asked before another draft replaces it', async () => {
      await part.getByRole('button', { name: 'Draft a runbook' }).click();
      await draft.getByText('1. Look at the disk').waitFor();
      const asked = provider.asked.length;
      const again = part.getByRole('button', { name: 'Draft a runbook again' });
      const question = page.getByRole('dialog', { name: 'Replace the draft?' });
      await again.click();
      await question.waitFor();
      const found = await untidy(page);
      await question.getByRole('button', { name: 'Cancel' }).click();
      await question.waitFor({ state: 'detached' });
      expect(provider.asked.length).toBe(asked);
      // It is replaced once the other is complete.
      provider.stopAfter(3);
      await again.click();
      await question.getByRole('button', { name: 'Draft again' }).click();
      await part.getByRole('status').getByText('The AI is writing.').waitFor();
      await part.getByRole('button', { name: 'Stop' }).click();
      await draft.getByText('1. Look at the disk').waitFor();
      provider.answerProperly();
      const text = provider.text;
      provider.text = text.replace('Look at the disk', 'Look for large files');
      await again.click();
      await question.getByRole('button', { name: 'Draft again' }).click();
      await draft.getByText('1. Look for large files').waitFor();
      provider.text = text;
      await draft.getByRole('button', { name: 'Discard' }).click();
      await page.getByRole('dialog').getByRole('button', { name: 'Discard' }).click();
      await draft.waitFor({ state: 'detached' });
      expect([...found, ...watched.faults]).toEqual([]);
    });

    it('changes it, and saves it as a runbook', async () => {
      await part.getByRole('button', { name: 'Draft a runbook' }).click();
      await draft.getByRole('link', { name: 'Review and save' }).click();
      await heading(page, 'Review a draft');
      await page.getByText('An AI has written this, and it is not saved').waitFor();
      const found = await untidy(page);
      const name = page.getByLabel('Name').first();
      expect(await name.inputValue()).toBe('Free the disk');
      await name.fill('Free the disk of a web server');
      await page.getByRole('link', { name: 'Go to the incident' }).click();
      await page.getByRole('button', { name: 'Stay here' }).click();
      await page.getByRole('button', { name: 'Save', exact: true }).click();
      await heading(page, 'Free the disk of a web server');
      const { items } = await read<{ items: (Named & { name: string })[] }>('/api/runbooks');
      expect(items.map((one) => one.name)).toEqual(['Free the disk of a web server']);
      const { steps } = await read<{ steps: object[] }>(`/api/runbooks/${items[0]?.id}`);
      expect(steps).toMatchObject([
        { name: 'Look at the disk', kind: 'shell', risk: 'high', config: { command: 'df', args: ['-h'] } },
        { name: 'Tell the team', kind: 'manual', risk: 'low' },
      ]);
      // Once it is saved, it is no draft any more.
      await page.goBack();
      await page.getByText('There is no draft.').waitFor();
      found.push(...(await untidy(page)));
      await page.getByRole('link', { name: 'Go to the incident' }).click();
      await part.getByRole('button', { name: 'Draft a runbook' }).waitFor();
      expect(await draft.count()).toBe(0);
      expect([...found, ...watched.faults]).toEqual([]);
    });

    it('may write runbooks, if the plan includes it', async () => {
      await onPlan('core');
      await page.reload();
      await part.getByText('Your plan does not include this.').waitFor();
      expect(await part.getByRole('button').count()).toBe(0);
      const found = await untidy(page);
      await onPlan('enterprise');
      await asRole(watched, 'fulfiller');
      await page.locator('#analysis').getByRole('button', { name: 'Analyse' }).waitFor();
      expect(await part.count()).toBe(0);
      expect([...found, ...watched.faults]).toEqual([]);
    });
  });

  async function onPlan(plan: string): Promise<void> {
    await planes.stack.api(`/api/tenants/${tenant.id}`, { method: 'PATCH', body: { plan } });
    await eventually(async () => (await read<{ plan: string }>('/api/entitlements')).plan === plan, {
      what: 'the plane has the new lease',
    });
  }

  async function ask<T>(path: string, body: object): Promise<T> {
    const answer = await planes.stack.tenant<T>('first', path, {
      method: 'POST',
      body,
      session: session.token,
    });
    if (answer.status >= 300) throw new Error(`${path}: ${JSON.stringify(answer.body)}`);
    return answer.body;
  }

  async function read<T>(path: string): Promise<T> {
    return (await planes.stack.tenant<T>('first', path, { session: session.token })).body;
  }

  /** An alert about a server, and the incident that it opens. */
  async function alarm(host: string): Promise<Incident> {
    const item = await ask<Named>('/api/cmdb/items', { type: 'server', name: host });
    const source = { name: 'Alertmanager', kind: 'alertmanager', group_by: ['alertname', 'ci'] };
    const { ingest_url: url } = await ask<{ ingest_url: string }>('/api/data-sources', source);
    const labels = { alertname: 'DiskFull', severity: 'critical', ci: host };
    const alert = { status: 'firing', labels, annotations: {}, fingerprint: host };
    await ask(new URL(url).pathname, {
      version: '4',
      alerts: [{ ...alert, startsAt: new Date().toISOString() }],
    });
    return eventually(
      async () => (await read<{ items: Incident[] }>(`/api/incidents?ci_id=${item.id}`)).items[0],
      { what: 'the alert has opened an incident' },
    );
  }

  async function lastNote(id: string): Promise<string | undefined> {
    let cursor = '';
    for (;;) {
      const { items, next_cursor: next } = await read<{ items: Named[]; next_cursor: string | null }>(
        `/api/incidents/${id}/timeline?limit=200${cursor}`,
      );
      if (next === null) return items.at(-1)?.id;
      cursor = `&cursor=${next}`;
    }
  }

  async function allow(features: object): Promise<void> {
    const body = { allow_control_plane: true, features };
    const options = { method: 'PUT', body, session: session.token };
    const { status } = await planes.stack.tenant('first', '/api/ai/settings', options);
    expect(status).toBe(200);
  }
});

/** Settings with an AI of the tenant's own. */
function ownAi(baseUrl: string) {
  return {
    allow_control_plane: true,
    features: { analysis: 'allow', runbook_draft: 'deny' },
    own_endpoint: { base_url: baseUrl, model: 'our-model', use: 'only', api_key: SECRET_KEY },
  };
}

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
