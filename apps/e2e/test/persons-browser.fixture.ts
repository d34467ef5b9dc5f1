import { type Browser, type Page } from 'playwright-core';
import { WatchedPage, startBrowser } from './watched-page.fixture';

const NARROW = { width: 360, height: 640 };

/** A person who follows links on a phone. Records every problem with the pages. */
export class PersonsBrowser {
  private constructor(
    private readonly browser: Browser,
    private readonly watched: WatchedPage,
  ) {}

  static async start(): Promise<PersonsBrowser> {
    const browser = await startBrowser();
    return new PersonsBrowser(browser, await WatchedPage.open(browser, { viewport: NARROW }));
  }

  get page(): Page {
    return this.watched.page;
  }

  get faults(): string[] {
    return this.watched.faults;
  }

  get told(): string[] {
    return this.watched.told;
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
    const context = await this.browser.newContext({ viewport: NARROW, javaScriptEnabled: false });
    const page = await context.newPage();
    await page.goto(link);
    const text = await page.locator('body').innerText();
    await context.close();
    return text;
  }

  end(): Promise<void> {
    return this.browser.close();
  }
}
