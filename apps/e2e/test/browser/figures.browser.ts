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
const RESULTS = 15;
const SOME_TENANT = 110;
/** So close to the end of the loaded rows, the next page is fetched. */
const AHEAD_PX = 500;
/** From the answer to the painted rows: three frames. docs/adr/0033-page-of-results.md says why. */
const LONGEST_AFTER_ANSWER_MS = 50;

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

  it('show the next page of a list soon after its call has been answered', async () => {
    const page = await tenantsPage();
    await compare(page, 'next page', () => nextPage(page));
  });

  it('show what a search finds soon after its call has been answered', async () => {
    const page = await tenantsPage();
    await compare(page, 'search', async (n) => {
      const text = `tenant-${SOME_TENANT + n}`;
      const result = found(page, text);
      await page.getByLabel('Search').fill(text);
      return result;
    });
  });

  /** Measures the time from the answer to the painted rows, and prints the ratio to the bare call as well. */
  async function compare(page: Page, name: string, show: (n: number) => Promise<Shown>): Promise<void> {
    const [shown, bare, after]: [number[], number[], number[]] = [[], [], []];
    for (let n = 0; n < RESULTS; n += 1) {
      const { url, ms, afterAnswerMs } = await show(n);
      shown.push(ms);
      after.push(afterAnswerMs);
      bare.push(await timeOfCall(page, url));
    }
    // Other programs use the machine, too.
    const [quarter = Number.NaN] = [...after].sort((a, b) => a - b).slice(Math.floor(RESULTS / 4));
    const ratio = median(shown) / median(bare);
    report(
      `${name}: ${quarter.toFixed(1)} ms after the answer (limit ${LONGEST_AFTER_ANSWER_MS}), ` +
        `${median(shown).toFixed(1)} ms after the request, bare call ${median(bare).toFixed(1)} ms ` +
        `(ratio ${ratio.toFixed(2)})`,
    );
    expect(quarter).toBeLessThan(LONGEST_AFTER_ANSWER_MS);
  }

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

interface Shown {
  readonly url: string;
  /** From the request to the painted rows. */
  readonly ms: number;
  readonly afterAnswerMs: number;
}

/** Scrolls so far that the next page is fetched, and waits until its rows are there and painted. */
function nextPage(page: Page): Promise<Shown> {
  return page.evaluate(async (ahead) => {
    const box = document.querySelector('[role=region]');
    const table = box?.querySelector('table');
    if (!box || !table) throw new Error('The page has no list.');
    const end = box.scrollHeight - box.clientHeight;
    box.scrollTop = end - 3 * ahead;
    // Until the rows on the way are painted, too.
    for (let frame = 0; frame < 6; frame += 1) await new Promise(requestAnimationFrame);
    const before = table.getAttribute('aria-rowcount');
    const longer = new Promise<void>((done) =>
      new MutationObserver(() => table.getAttribute('aria-rowcount') !== before && done()).observe(table, {
        attributes: true,
      }),
    );
    box.scrollTop = end - ahead;
    await longer;
    await new Promise(requestAnimationFrame);
    const { port1, port2 } = new MessageChannel();
    await new Promise((painted) => {
      port1.onmessage = painted;
      port2.postMessage(null);
    });
    const shown = performance.now();
    const calls = performance.getEntriesByType('resource') as PerformanceResourceTiming[];
    const call = calls.findLast(({ name }) => new URL(name).searchParams.has('cursor'));
    if (!call) throw new Error('The page made no call.');
    return { url: call.name, ms: shown - call.startTime, afterAnswerMs: shown - call.responseEnd };
  }, AHEAD_PX);
}

/** Waits until the first row has this text and is painted. */
function found(page: Page, text: string): Promise<Shown> {
  return page.evaluate(async (wanted) => {
    const isShown = (): boolean =>
      document.querySelector('[role=region] tbody a')?.textContent?.includes(`(${wanted}`) ?? false;
    // Each frame is painted when the next one begins.
    do await new Promise(requestAnimationFrame);
    while (!isShown());
    const { port1, port2 } = new MessageChannel();
    await new Promise((painted) => {
      port1.onmessage = painted;
      port2.postMessage(null);
    });
    const shown = performance.now();
    const calls = performance.getEntriesByType('resource') as PerformanceResourceTiming[];
    const call = calls.find(({ name }) => new URL(name).searchParams.get('q') === wanted);
    if (!call) throw new Error('The page made no call.');
    return { url: call.name, ms: shown - call.startTime, afterAnswerMs: shown - call.responseEnd };
  }, text);
}

/** The same call without anything that shows its answer. */
function timeOfCall(page: Page, url: string): Promise<number> {
  return page.evaluate(async (address) => {
    const start = performance.now();
    await (await fetch(address)).text();
    return performance.now() - start;
  }, url);
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
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
