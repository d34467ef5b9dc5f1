import { type Browser, type Page } from 'playwright-core';
import { asAdmin } from '@atlas/testing';
import { type BothPlanes, startBothPlanes } from '../both-planes.fixture';
import { Operator } from '../people.fixture';
import { WatchedPage, chromiumPath, startBrowser } from '../watched-page.fixture';

jest.setTimeout(240_000);

const TENANTS = 100_000;
/** Runs from which the best is taken, because other programs use the machine, too. */
const RUNS = 5;
const LONGEST_PAINT_MS = 1000;
const LONGEST_FRAME_MS = 50;

/** How fast the pages are. Prints each figure. */
(chromiumPath ? describe : describe.skip)('figures of the pages', () => {
  let planes: BothPlanes;
  let browser: Browser;
  beforeAll(async () => {
    [planes, browser] = await Promise.all([startBothPlanes('postgres'), startBrowser()]);
    await planes.stack.tenantWithAdmin('first');
    await insertTenants();
  });
  afterAll(async () => {
    await browser.close();
    await planes.stop();
  });

  it.each([
    ['the console', () => `${planes.stack.controlPlane.url}/console`],
    ['the workspace', () => `http://first.localhost:${planes.stack.tenantPlanePort}/`],
  ])('paint the largest content of %s soon, with a cold cache', async (name, at) => {
    const times: number[] = [];
    for (let run = 0; run < RUNS; run += 1) {
      const { page } = await WatchedPage.open(browser);
      await page.goto(at());
      await page.getByRole('heading', { level: 1 }).waitFor();
      times.push(await largestPaint(page));
      await page.context().close();
    }
    const best = Math.min(...times);
    report(`largest contentful paint of ${name}: ${best.toFixed(0)} ms (limit ${LONGEST_PAINT_MS})`);
    expect(best).toBeLessThan(LONGEST_PAINT_MS);
  });

  it('drop no frame while 100,000 tenants are scrolled', async () => {
    const page = await tenantsPage();
    const longest: number[] = [];
    for (let run = 0; run < RUNS; run += 1) longest.push(await longestFrameWhileScrolling(page));
    report(`longest frames while scrolling: ${longest.map((one) => one.toFixed(0))} ms`);
    expect(Math.min(...longest)).toBeLessThan(LONGEST_FRAME_MS);
  });

  async function tenantsPage(): Promise<Page> {
    const { page } = await Operator.signIn(browser, planes.stack.controlPlane.url);
    await page.getByRole('navigation').getByRole('link', { name: 'Tenants' }).click();
    await page.getByRole('region', { name: 'Tenants' }).waitFor();
    return page;
  }

  /** Copies of the first tenant, which differ in what has to differ. */
  async function insertTenants(): Promise<void> {
    const { ownerUrl, url } = planes.stack.controlPlaneDatabase;
    await asAdmin(ownerUrl ?? url, (client) =>
      client.query(
        `INSERT INTO tenants
         SELECT (jsonb_populate_record(NULL::tenants, to_jsonb(t) || jsonb_build_object(
           'id', gen_random_uuid(), 'slug', 'tenant-' || n, 'name', 'Tenant ' || n,
           'admin_email', 'admin@tenant-' || n || '.example', 'url', t.url || n,
           'created_at', to_jsonb(t.created_at - n * interval '1 second')))).*
         FROM tenants t, generate_series(1, $1::int) n`,
        [TENANTS],
      ),
    );
  }
});

function report(text: string): void {
  process.stderr.write(`${text}\n`);
}

function largestPaint(page: Page): Promise<number> {
  return page.evaluate(
    () =>
      new Promise<number>((done) =>
        new PerformanceObserver((list) => done(list.getEntries().at(-1)?.startTime ?? 0)).observe({
          type: 'largest-contentful-paint',
          buffered: true,
        }),
      ),
  );
}

function longestFrameWhileScrolling(page: Page): Promise<number> {
  return page.evaluate(async () => {
    const box = document.querySelector('[role=region]');
    const frame = (): Promise<number> => new Promise(requestAnimationFrame);
    let [longest, before] = [0, await frame()];
    for (let step = 0; step < 120; step += 1) {
      box?.scrollBy(0, 120);
      const now = await frame();
      longest = Math.max(longest, now - before);
      before = now;
    }
    return longest;
  });
}
