export interface BrowserPage {
  readonly url: string;
  readonly status: number;
  readonly text: string;
  /** Where it sends the browser, when that is beyond where it was to follow. */
  readonly location: string | null;
}

/** A browser without a screen: keeps each origin's cookies, and follows redirects as far as it is told. */
export class CookieBrowser {
  private readonly jar = new Map<string, Map<string, string>>();

  /** Follows redirects within `origin`. */
  follow(url: string, origin: string): Promise<BrowserPage> {
    return this.go(url, { method: 'GET' }, origin);
  }

  submit(url: string, form: Readonly<Record<string, string>>, origin: string): Promise<BrowserPage> {
    return this.go(url, { method: 'POST', body: new URLSearchParams(form) }, origin);
  }

  /** As it would send them to that origin. */
  cookiesOf(origin: string): string {
    return Array.from(this.jar.get(origin) ?? [], (pair) => pair.join('=')).join('; ');
  }

  /** Keeps what an answer of that origin sets. */
  keep(origin: string, setCookies: string | readonly string[] = []): void {
    const cookies = this.jar.get(origin) ?? new Map<string, string>();
    this.jar.set(origin, cookies);
    for (const text of [setCookies].flat()) {
      const [pair = ''] = text.split(';');
      const [name = '', ...value] = pair.split('=');
      if (/;\s*max-age=0\b/i.test(text) || /;\s*expires=Thu, 01 Jan 1970/i.test(text)) cookies.delete(name);
      else cookies.set(name, value.join('='));
    }
  }

  private async go(url: string, init: RequestInit, origin: string): Promise<BrowserPage> {
    const target = new URL(url);
    if (target.origin !== origin) return { url, status: 0, text: '', location: url };
    const headers = { cookie: this.cookiesOf(target.origin), accept: 'text/html' };
    const answer = await fetch(url, { ...init, headers, redirect: 'manual' });
    this.keep(target.origin, answer.headers.getSetCookie());
    const location = answer.headers.get('location');
    if (location !== null && answer.status >= 300 && answer.status < 400)
      return this.go(new URL(location, url).href, { method: 'GET' }, origin);
    return { url, status: answer.status, text: await answer.text(), location: null };
  }
}
