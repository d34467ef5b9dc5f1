import { spawnSync } from 'node:child_process';
import { delimiter, join } from 'node:path';
import { type Browser, type BrowserContextOptions, type Page, chromium } from 'playwright-core';

declare global {
  interface Window {
    noteFault(text: string): void;
    noteShown(section: string): void;
  }
}

const NAMES = ['chromium', 'chromium-browser', 'google-chrome'];
/** Arguments for a test machine, which has no GPU and should not contact the internet. */
const ARGUMENTS = [
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--host-resolver-rules=MAP *.localhost 127.0.0.1',
];
const NARROW = { width: 360, height: 640 };

/** The path of a working Chromium or Chrome on the PATH, if there is one. */
export const chromiumPath = (process.env['PATH'] ?? '')
  .split(delimiter)
  .flatMap((folder) => NAMES.map((name) => join(folder, name)))
  .find((file) => spawnSync(file, ['--version']).status === 0);

/** A person who follows links on a phone. Records every problem with the pages. */
export class PersonsBrowser {
  /** Script errors, policy violations, and all other problems that the browser reports. */
  readonly faults: string[] = [];
  /** The URLs and headers that the browser sent to servers. */
  readonly told: string[] = [];
  /** The sections to which a page moved the focus, in order. */
  readonly shown: string[] = [];

  private constructor(
    private readonly browser: Browser,
    readonly page: Page,
  ) {}

  static async start(): Promise<PersonsBrowser> {
    const browser = await chromium.launch({ executablePath: chromiumPath ?? 'chromium', args: ARGUMENTS });
    const person = new PersonsBrowser(browser, await pageOf(browser));
    await person.watch();
    return person;
  }

  /** Opens an emailed link, and waits until its page has read the token. */
  async open(link: string): Promise<void> {
    await this.page.goto(link);
    await this.page.locator('[data-show="with-token"]').waitFor();
  }

  heading(name: string): Promise<void> {
    return this.page.getByRole('heading', { name, exact: true }).waitFor();
  }

  /** Everything that the browser retains about a page: URL, history, cookies, storage and document. */
  async kept(): Promise<string> {
    const session = await this.page.context().newCDPSession(this.page);
    const { entries } = await session.send('Page.getNavigationHistory');
    const inPage = await this.page.evaluate(() => [
      location.href,
      document.cookie,
      JSON.stringify({ ...localStorage, ...sessionStorage }),
      document.documentElement.outerHTML,
    ]);
    await session.detach();
    return [...inPage, ...entries.map(({ url }) => url)].join('\n');
  }

  /** Obstacles for people with a screen reader or a narrow screen. */
  hurdles(): Promise<string[]> {
    return this.page.evaluate(() => {
      const isSeen = (element: Element): boolean => element.checkVisibility();
      const fields = [...document.querySelectorAll('input')].filter(isSeen);
      const headings = [...document.querySelectorAll('h1')].filter(isSeen);
      return [
        ...fields.filter(({ labels }) => !labels?.length).map(({ id }) => `no label at ${id}`),
        ...(headings.length === 1 ? [] : [`${headings.length} headings`]),
        ...(document.documentElement.lang === 'en' && document.title ? [] : ['no language or title']),
        ...(document.documentElement.scrollWidth > innerWidth ? ['wider than the screen'] : []),
      ];
    });
  }

  /** What a visitor without JavaScript sees. */
  async withoutScripts(link: string): Promise<string> {
    const page = await pageOf(this.browser, { javaScriptEnabled: false });
    await page.goto(link);
    const text = await page.locator('body').innerText();
    await page.context().close();
    return text;
  }

  end(): Promise<void> {
    return this.browser.close();
  }

  private async watch(): Promise<void> {
    this.page.on('pageerror', (error) => this.faults.push(error.message));
    this.page.on('request', (request) => {
      const [address = ''] = request.url().split('#');
      this.told.push(address, ...Object.values(request.headers()));
    });
    this.page.on('console', (message) => {
      // The browser also logs 4xx responses, which are not the page's fault.
      if (!/^Failed to load resource.* 4\d\d /.test(message.text())) this.faults.push(message.text());
    });
    await this.page.exposeFunction('noteFault', (text: string) => this.faults.push(text));
    await this.page.exposeFunction('noteShown', (section: string) => this.shown.push(section));
    await this.page.addInitScript(() => {
      document.addEventListener('securitypolicyviolation', ({ effectiveDirective, blockedURI }) =>
        window.noteFault(`not allowed: ${effectiveDirective} ${blockedURI}`),
      );
      document.addEventListener('focusin', ({ target }) => {
        const section = target instanceof HTMLElement && target.dataset['show'];
        if (section) window.noteShown(section);
      });
    });
  }
}

async function pageOf(browser: Browser, options: BrowserContextOptions = {}): Promise<Page> {
  return (await browser.newContext({ viewport: NARROW, ...options })).newPage();
}
