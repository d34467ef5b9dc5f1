import { spawnSync } from 'node:child_process';
import { delimiter, join } from 'node:path';
import { type Browser, type BrowserContextOptions, type Page, chromium } from 'playwright-core';

declare global {
  interface Window {
    noteFault(text: string): void;
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

/** The path of a working Chromium or Chrome on the PATH, if there is one. */
export const chromiumPath = (process.env['PATH'] ?? '')
  .split(delimiter)
  .flatMap((folder) => NAMES.map((name) => join(folder, name)))
  .find((file) => spawnSync(file, ['--version']).status === 0);

export function startBrowser(): Promise<Browser> {
  return chromium.launch({ executablePath: chromiumPath ?? 'chromium', args: ARGUMENTS });
}

/** A page that records everything that the browser complains about. */
export class WatchedPage {
  /** Script errors, policy violations, requests to other origins, and all other problems. */
  readonly faults: string[] = [];
  /** The URLs and headers that the browser sent to servers. */
  readonly told: string[] = [];

  private constructor(readonly page: Page) {}

  /** A page of a person who shares no cookie with any other. */
  static async open(browser: Browser, options: BrowserContextOptions = {}): Promise<WatchedPage> {
    return WatchedPage.in(await (await browser.newContext(options)).newPage());
  }

  static async in(page: Page): Promise<WatchedPage> {
    const watched = new WatchedPage(page);
    await watched.watch();
    return watched;
  }

  /** Another tab of the same person. */
  async tab(): Promise<WatchedPage> {
    return WatchedPage.in(await this.page.context().newPage());
  }

  private async watch(): Promise<void> {
    this.page.on('pageerror', (error) => this.faults.push(error.message));
    this.page.on('request', (request) => {
      const [address = ''] = request.url().split('#');
      this.told.push(address, ...Object.values(request.headers()));
      const isElsewhere = address.startsWith('http') && originOf(address) !== originOf(this.page.url());
      if (isElsewhere && !request.isNavigationRequest()) this.faults.push(`asked another origin: ${address}`);
    });
    this.page.on('console', (message) => {
      // The browser also logs 4xx responses, which are not the page's fault.
      if (!/^Failed to load resource.* 4\d\d /.test(message.text())) this.faults.push(message.text());
    });
    await this.page.exposeFunction('noteFault', (text: string) => this.faults.push(text));
    await this.page.addInitScript(() => {
      document.addEventListener('securitypolicyviolation', ({ effectiveDirective, blockedURI }) =>
        window.noteFault(`not allowed: ${effectiveDirective} ${blockedURI}`),
      );
    });
  }
}

function originOf(address: string): string {
  return new URL(address).origin;
}
