import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { type Browser, type Page } from 'playwright-core';
import { fillSignIn } from '../people.fixture';
import { picture } from '../picture.fixture';
import { WatchedPage, chromiumPath, startBrowser } from '../watched-page.fixture';
import { axeFindings } from './axe.fixture';
import { DemoStack } from './demo-stack.fixture';
import { settled } from './settled.fixture';

jest.setTimeout(600_000);

const ROOT = join(__dirname, '../../../..');
/** The folder for pictures of all pages, for whoever wants to look at them. */
const SHOTS = process.env['ATLAS_SHOTS'];
/** Pages whose pictures the documents show. */
const SHOWN: Readonly<Record<string, string>> = {
  'admin-console /': 'console-overview',
  'workspace /incidents/$id': 'workspace-incident',
  'workspace /cmdb/$id': 'workspace-impact',
};
const WIDE = { width: 1280, height: 800 };
const NARROW = { width: 390, height: 844 };

interface App {
  readonly name: 'admin-console' | 'workspace';
  readonly base: string;
}

const CONSOLE: App = { name: 'admin-console', base: '/console' };
const WORKSPACE: App = { name: 'workspace', base: '' };

/** Lists of what pages show, where they are not named like the pages. */
const LISTS: Readonly<Record<string, string>> = {
  '/cmdb': '/cmdb/items',
  '/fleet': '/tenant-planes',
  '/jobs': '/provisioning-jobs',
  '/runs': '/automation/jobs',
};

/** The paths that an app's routes name. */
function pathsOf({ name }: App): string[] {
  const folder = join(ROOT, 'apps', name, 'src');
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  return files
    .filter((file) => /(^|\/)(router\.tsx?$|routes\/)/.test(file))
    .flatMap((file) => [...readFileSync(join(folder, file), 'utf8').matchAll(/\bpath: '([^']+)'/g)])
    .map(([, path = '']) => path)
    .sort();
}

/**
 * Visits every page that the routes of an app name. To see it fail: leave out a field's label, use a `style`
 * attribute, or add a route with a parameter.
 */
(chromiumPath ? describe : describe.skip)('every page of the demo', () => {
  let demo: DemoStack;
  let browser: Browser;
  beforeAll(async () => {
    [demo, browser] = await Promise.all([DemoStack.start(), startBrowser()]);
  });
  afterAll(async () => {
    await browser.close();
    await demo.stop();
  });

  it('of the console is accessible, in light, dark and narrow', async () => {
    const { url, operator_email, operator_password } = demo.stack.control_plane;
    const watched = await WatchedPage.open(browser, { viewport: WIDE });
    await visit(CONSOLE, watched, url, () => fillSignIn(watched.page, operator_email, operator_password));
  });

  it('of the workspace is accessible, in light, dark and narrow', async () => {
    const { url, admin_email, admin_password } = demo.stack.demo_tenant;
    const watched = await WatchedPage.open(browser, { viewport: WIDE });
    await visit(WORKSPACE, watched, url, async () => {
      await fillSignIn(watched.page, admin_email, admin_password);
      await watched.page.getByRole('navigation').waitFor();
      // The demo has no agent.
      await watched.page.evaluate(() =>
        fetch('/api/agents', {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify({ name: 'web-1' }),
        }),
      );
    });
  });

  async function visit(app: App, { page, faults }: WatchedPage, at: string, signIn: () => Promise<void>) {
    const findings: string[] = [];
    await page.goto(`${at}${app.base}/sign-in`);
    findings.push(...(await look(page, app, '/sign-in')));
    await signIn();
    await page.getByRole('navigation').waitFor();
    for (const path of pathsOf(app)) {
      if (path === '/sign-in') continue;
      await page.goto(`${at}${app.base}${await filled(page, path)}`);
      findings.push(...(await look(page, app, path)));
    }
    expect([...findings, ...faults]).toEqual([]);
  }

  /** The first item of a list stands for a parameter of a path. */
  async function filled(page: Page, path: string): Promise<string> {
    const [folder = '', parameter] = path.split('/$');
    if (parameter === undefined) return path;
    const list = `/api${LISTS[folder] ?? folder}`;
    const id = await page.evaluate(async (from) => {
      const answer = (await (await fetch(from)).json()) as { readonly items?: { readonly id: string }[] };
      return answer.items?.[0]?.id;
    }, list);
    if (id === undefined) throw new Error(`${list} has no example for ${path}.`);
    return path.replace('$id', id);
  }

  async function look(page: Page, { name }: App, path: string): Promise<string[]> {
    await page.getByRole('heading', { level: 1 }).waitFor();
    await page.locator('[aria-label=Loading]').first().waitFor({ state: 'detached' });
    const shots = SHOTS && join(SHOTS, `${name}${path.replaceAll(/[/$]+/g, '-')}`);
    const found: string[] = [];
    for (const colorScheme of ['dark', 'light'] as const) {
      await page.emulateMedia({ colorScheme });
      await settled(page);
      if (shots) await page.screenshot({ path: `${shots}-${colorScheme}.png` });
      found.push(...(await axeFindings(page)).map((finding) => `${path} ${colorScheme}: ${finding}`));
    }
    const shown = SHOWN[`${name} ${path}`];
    if (shown) await picture(page, shown);
    await page.setViewportSize(NARROW);
    // Lists change their form in the next frame.
    await settled(page);
    if (shots) await page.screenshot({ path: `${shots}-narrow.png` });
    const isWider = await page.evaluate(() => document.documentElement.scrollWidth > innerWidth);
    if (isWider) found.push(`${path} narrow: wider than the screen`);
    const lists = await page
      .getByRole('region')
      .evaluateAll((all) =>
        all.filter((one) => one.scrollWidth > one.clientWidth).map((one) => one.ariaLabel),
      );
    found.push(...lists.map((list) => `${path} narrow: ${list} is wider than the screen`));
    await page.setViewportSize(WIDE);
    return found;
  }
});
