import { type Browser, type Locator, type Page } from 'playwright-core';
import { ADMIN_PASSWORD } from '@atlas/testing';
import { Person, fillSignIn, heading } from '../people.fixture';
import { WatchedPage, chromiumPath, startBrowser } from '../watched-page.fixture';
import { DemoStack } from './demo-stack.fixture';

jest.setTimeout(120_000);

/** A thing that two people edit at the same time. */
interface Thing {
  /** Creates it, and returns its path in the API. */
  readonly create: (page: Page) => Promise<string>;
  /** Opens its form. */
  readonly open: (page: Page, id: string) => Promise<void>;
  readonly field: string;
  /** What the API calls the field. */
  readonly member: string;
  readonly isChosen?: boolean;
  readonly save: RegExp;
  readonly his: string;
  readonly hers: string;
}

const STEPS = [{ name: 'look', kind: 'manual', risk: 'low', config: {} }];
const SLO = { name: 'Up', objective: 0.99, window_days: 30, indicator: { kind: 'events' } };
const SAVE = /^Save( mine)?( as version \d+)?$/;
const NAME = { field: 'Name', member: 'name', save: SAVE, his: 'As he says', hers: 'As she says' };

const creating =
  (path: string, body: object): Thing['create'] =>
  async (page) =>
    `${path}/${(await call<{ id: string }>(page, path, 'POST', body)).id}`;
const editing =
  (path: string): Thing['open'] =>
  async (page, id) => {
    await page.goto(new URL(`${path}/${id}`, page.url()).href);
    await page.getByRole('button', { name: 'Edit', exact: true }).click();
  };
const INCIDENT: Thing = {
  ...NAME,
  create: creating('/api/incidents', { title: 'Disk full', severity: 'P2', description: 'Since noon' }),
  open: editing('/incidents'),
  field: 'Description',
  member: 'description',
};

const ITEM: Thing = {
  ...NAME,
  create: creating('/api/cmdb/items', { name: 'web-1', type: 'server' }),
  open: editing('/cmdb'),
};

const IN_THE_WORKSPACE: Readonly<Record<string, Thing>> = {
  'the description of an incident': INCIDENT,
  'a configuration item': ITEM,
  'an objective': {
    ...NAME,
    create: creating('/api/slos', SLO),
    open: async (page, id) => void (await page.goto(new URL(`/slos/${id}/edit`, page.url()).href)),
  },
  'a runbook': {
    ...NAME,
    create: creating('/api/runbooks', { name: 'Restart', steps: STEPS }),
    open: async (page, id) => void (await page.goto(new URL(`/runbooks/${id}/edit`, page.url()).href)),
  },
};

let count = 0;
const IN_THE_CONSOLE: Readonly<Record<string, Thing>> = {
  'a tenant': {
    ...NAME,
    create: async (page) => {
      const { items } = await call<{ items: { id: string }[] }>(page, '/api/tenants');
      const path = `/api/tenants/${items[0]?.id}`;
      await call(page, path, 'PATCH', { name: 'Demo' });
      return path;
    },
    open: async (page, id) => {
      await page.goto(new URL(`/console/tenants/${id}`, page.url()).href);
      await page.getByRole('button', { name: 'Operations' }).click();
      await page.getByRole('menuitem', { name: 'Edit' }).click();
    },
  },
  "an operator's role": {
    create: (page) =>
      creating('/api/operators', { email: `op-${(count += 1)}@example.com`, role: 'admin' })(page),
    open: async (page, id) => {
      const { email } = await call<{ email: string }>(page, `/api/operators/${id}`);
      await page.goto(new URL('/console/operators', page.url()).href);
      await page.getByRole('button', { name: `Change ${email}` }).click();
      await page.getByRole('menuitem', { name: 'Role' }).click();
    },
    field: 'Role',
    member: 'role',
    isChosen: true,
    save: /^(Change the role|Save mine)$/,
    his: 'support',
    hers: 'owner',
  },
};

/** To see it fail: leave out `header` in a form's `save`. */
(chromiumPath ? describe : describe.skip)('two people who edit', () => {
  let demo: DemoStack;
  let browser: Browser;
  beforeAll(async () => {
    [demo, browser] = await Promise.all([DemoStack.start(), startBrowser()]);
  });
  afterAll(async () => {
    await browser.close();
    await demo.stop();
  });

  async function twoUsers(): Promise<readonly WatchedPage[]> {
    const { url, admin_email, admin_password } = demo.stack.demo_tenant;
    const his = await WatchedPage.open(browser);
    await his.page.goto(url);
    await fillSignIn(his.page, admin_email, admin_password);
    await heading(his.page, 'Incidents');
    const invitation = { email: 'ann@demo.example.com', role: 'admin' };
    const { url: link } = await call<{ url: string }>(his.page, '/api/auth/invite', 'POST', invitation);
    return [his, (await Person.join(browser, link)).watched];
  }

  async function twoOperators(): Promise<readonly WatchedPage[]> {
    const { url, operator_email, operator_password } = demo.stack.control_plane;
    const [his, hers] = [await WatchedPage.open(browser), await WatchedPage.open(browser)];
    const signIn = async ({ page }: WatchedPage, email: string, password: string): Promise<void> => {
      await page.goto(`${url}/console`);
      await fillSignIn(page, email, password);
      await heading(page, 'Overview');
    };
    await signIn(his, operator_email, operator_password);
    const email = 'ann@example.com';
    const path = await creating('/api/operators', { email, role: 'owner' })(his.page);
    const link = await call<{ url: string }>(his.page, `${path}/reset-link`, 'POST');
    await hers.page.goto(link.url);
    await hers.page.getByLabel('New password').fill(ADMIN_PASSWORD);
    await hers.page.keyboard.press('Enter');
    await heading(hers.page, 'Your password is set');
    await signIn(hers, email, ADMIN_PASSWORD);
    return [his, hers];
  }

  describe.each([
    ['in the workspace', twoUsers, IN_THE_WORKSPACE],
    ['in the console', twoOperators, IN_THE_CONSOLE],
  ] as const)('%s', (_, signIn, things) => {
    let people: readonly WatchedPage[];
    let his: Page;
    let hers: Page;
    beforeAll(async () => {
      people = await signIn();
      [his, hers] = people.map(({ page }) => page) as [Page, Page];
    });
    afterEach(() => expect(people.flatMap(({ faults }) => faults)).toEqual([]));
    afterAll(() => Promise.all([his, hers].map((page) => page.context().close())));

    describe.each(Object.entries(things))('%s', (__, thing) => {
      let path: string;
      const stored = async (): Promise<unknown> =>
        (await call<Record<string, unknown>>(his, path))[thing.member];
      beforeEach(async () => {
        path = await thing.create(his);
        for (const page of [his, hers]) await thing.open(page, idIn(path));
        await enter(his, thing, thing.his);
        await enter(hers, thing, thing.hers);
      });

      it('see what the other has saved, before they replace it', async () => {
        await button(his, thing).click();
        await confirmed(his, thing);
        await button(hers, thing).click();
        await toldOf(hers, thing.his, thing.hers).waitFor();
        expect(await stored()).toBe(thing.his);
        await button(hers, thing).click();
        await confirmed(hers, thing);
        expect(await stored()).toBe(thing.hers);
      });

      it('keep what the other has saved', async () => {
        await button(his, thing).click();
        await confirmed(his, thing);
        await button(hers, thing).click();
        await toldOf(hers, thing.his, thing.hers).waitFor();
        await hers.getByRole('button', { name: 'Keep theirs' }).click();
        await confirmed(hers, thing);
        expect(await stored()).toBe(thing.his);
      });

      it('are not both told that they have saved if both save at once', async () => {
        const held = await Promise.all([his, hers].map(holdSave));
        await Promise.all([his, hers].map((page) => button(page, thing).click()));
        const sent = await Promise.all(held.map(({ reached }) => reached));
        held.forEach(({ release }) => release());
        const statuses = await Promise.all(sent.map(async (save) => (await save.response())?.status()));
        expect(statuses).toEqual(statuses[0] === 200 ? [200, 412] : [412, 200]);
        const [first, second] = statuses[0] === 200 ? [his, hers] : [hers, his];
        const [saved, refused] = first === his ? [thing.his, thing.hers] : [thing.hers, thing.his];
        await confirmed(first, thing);
        await toldOf(second, saved, refused).waitFor();
        expect(await stored()).toBe(saved);
      });
    });
  });

  describe('an incident', () => {
    let his: Page;
    let path: string;
    beforeAll(async () => {
      const { url, admin_email, admin_password } = demo.stack.demo_tenant;
      ({ page: his } = await WatchedPage.open(browser));
      await his.goto(url);
      await fillSignIn(his, admin_email, admin_password);
      await heading(his, 'Incidents');
    });
    beforeEach(async () => {
      path = await INCIDENT.create(his);
      await INCIDENT.open(his, idIn(path));
      await enter(his, INCIDENT, INCIDENT.his);
    });
    const stored = () => call<{ description: string; status: string }>(his, path);

    it('are not told of a change that does not concern the form', async () => {
      await call(his, path, 'PATCH', { status: 'acknowledged' });
      await button(his, INCIDENT).click();
      await confirmed(his, INCIDENT);
      expect(await stored()).toMatchObject({ description: INCIDENT.his, status: 'acknowledged' });
    });

    it('see what their form says now when somebody changes a configuration item twice', async () => {
      const item = await ITEM.create(his);
      await ITEM.open(his, idIn(item));
      for (const [n, theirs, yours] of [
        [1, 'First', 'My first'],
        [2, 'Second', 'My second'],
      ] as const) {
        await enter(his, ITEM, yours);
        await call(his, item, 'PATCH', { name: theirs, key: `key-${n}` });
        await button(his, ITEM).click();
        await toldOf(his, theirs, yours).waitFor();
      }
      await enter(his, ITEM, 'My third');
      await toldOf(his, 'Second', 'My third').waitFor();
      await his.getByRole('button', { name: 'Edit as JSON' }).click();
      const attributes = his.getByLabel('Attributes as JSON');
      await attributes.fill('{');
      await toldOf(his, '{}', 'not valid yet').waitFor();
      await attributes.fill('{}');
      await button(his, ITEM).click();
      await confirmed(his, ITEM);
      expect(await call(his, item)).toMatchObject({ name: 'My third', key: 'key-2' });
    });

    it('see what an identity provider has become before they remove it', async () => {
      const provider = '/api/identity-provider';
      const body = { issuer: 'https://id.example.com', client_id: 'first' };
      await call(his, provider, 'PUT', body);
      await his.goto(new URL('/settings/sign-in', his.url()).href);
      await his.getByRole('button', { name: 'Remove the provider' }).click();
      const dialog = his.getByRole('dialog');
      await call(his, provider, 'PUT', { ...body, client_id: 'second', default_role: 'operator' });
      await dialog.getByRole('button', { name: 'Remove', exact: true }).click();
      const told = dialog.getByRole('alert').filter({ hasText: 'was not removed' });
      await told.waitFor();
      expect(await told.getByRole('listitem').allInnerTexts()).toEqual([
        'Client ID: second',
        'Role: operator',
      ]);
      expect(await call(his, provider)).toMatchObject({ provider: { client_id: 'second' } });
      await dialog.getByRole('button', { name: 'Remove', exact: true }).click();
      await dialog.waitFor({ state: 'detached' });
      expect(await call(his, provider)).toMatchObject({ provider: null });
    });

    it('are not told if somebody else has switched the AI off before they do', async () => {
      const settings = '/api/ai/settings';
      await his.goto(new URL('/settings/ai', his.url()).href);
      await his.getByRole('button', { name: 'Switch AI off' }).click();
      const dialog = his.getByRole('dialog');
      await call(his, settings, 'PUT', { allow_control_plane: false });
      // As if the tab came to the front later.
      await his.clock.setFixedTime(Date.now() + 60_000);
      await his.evaluate(() => document.dispatchEvent(new Event('visibilitychange', { bubbles: true })));
      await his.getByText('AI is off', { exact: true }).waitFor();
      const answer = his.waitForResponse((one) => one.request().method() === 'PUT');
      await dialog.getByRole('button', { name: 'Switch AI off' }).click();
      expect((await answer).status()).toBe(412);
      await dialog.waitFor({ state: 'detached' });
      await call(his, settings, 'PUT', { allow_control_plane: true });
    });

    it('are not told of their own change if its answer was lost', async () => {
      await his.route(`**${path}`, async (route) => {
        const request = route.request();
        if (request.method() !== 'PATCH') return route.continue();
        // Node.js does not know the names below localhost.
        const address = new URL(request.url());
        const headers = { ...request.headers(), host: address.host };
        address.hostname = '127.0.0.1';
        await route.fetch({ url: address.href, headers });
        await route.abort();
      });
      await button(his, INCIDENT).click();
      await his.getByRole('alert').filter({ hasText: 'No answer' }).waitFor();
      expect(await stored()).toMatchObject({ description: INCIDENT.his });
      await his.unroute(`**${path}`);
      await button(his, INCIDENT).click();
      await confirmed(his, INCIDENT);
    });
  });
});

const idIn = (path: string): string => path.split('/').at(-1) ?? '';

const button = (page: Page, { save }: Thing): Locator => page.getByRole('button', { name: save });

/** A form goes away once the plane has confirmed. */
const confirmed = (page: Page, thing: Thing): Promise<void> =>
  button(page, thing).waitFor({ state: 'detached' });

const toldOf = (page: Page, theirs: string, yours: string): Locator =>
  page
    .getByRole('group', { name: 'was changed meanwhile' })
    .getByRole('row')
    .filter({ has: page.getByRole('cell', { name: theirs, exact: true }) })
    .filter({ has: page.getByRole('cell', { name: yours, exact: true }) });

async function enter(page: Page, { field, isChosen }: Thing, value: string): Promise<void> {
  if (isChosen !== true) return page.getByRole('textbox', { name: field }).first().fill(value);
  await page.getByRole('dialog').getByLabel(field).first().click();
  await page.getByRole('option', { name: value }).click();
}

/** Holds the next save before the plane has got it. */
async function holdSave(page: Page) {
  let release = (): void => undefined;
  const released = new Promise<void>((resolve) => (release = resolve));
  const isSave = (method: string): boolean => method === 'PATCH' || method === 'PUT';
  const reached = page.waitForRequest((request) => isSave(request.method()));
  await page.route('**/api/**', async (route) => {
    if (isSave(route.request().method())) await released;
    await route.continue();
  });
  return { reached, release };
}

function call<T>(page: Page, path: string, method = 'GET', body?: object): Promise<T> {
  return page.evaluate(
    async (request) => {
      const answer = await fetch(request.path, {
        method: request.method,
        ...(request.body && {
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify(request.body),
        }),
      });
      if (!answer.ok) throw new Error(await answer.text());
      return (await answer.json()) as T;
    },
    { path, method, body },
  );
}
