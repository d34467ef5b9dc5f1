import { type IncomingMessage, request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { type LookupFunction } from 'node:net';

export interface BrowserPage {
  readonly url: string;
  readonly status: number;
  readonly text: string;
  /** The target of the page's redirect, if it is outside the given origin. */
  readonly location: string | null;
}

/** A minimal browser that keeps each origin's cookies and follows redirects within one origin. */
export class CookieBrowser {
  private readonly jar = new Map<string, Map<string, string>>();

  /** `ca`: a certificate to trust, as PEM. */
  constructor(private readonly ca?: string) {}

  /** Follows redirects within `origin`. */
  follow(url: string, origin: string): Promise<BrowserPage> {
    return this.go(url, origin);
  }

  submit(url: string, form: Readonly<Record<string, string>>, origin: string): Promise<BrowserPage> {
    return this.go(url, origin, new URLSearchParams(form).toString());
  }

  /** The cookie header that the browser would send to this origin. */
  cookiesOf(origin: string): string {
    return Array.from(this.jar.get(origin) ?? [], (pair) => pair.join('=')).join('; ');
  }

  /** Stores the cookies that a response from this origin sets. */
  keep(origin: string, setCookies: string | readonly string[] = []): void {
    const cookies = this.jar.get(origin) ?? new Map<string, string>();
    this.jar.set(origin, cookies);
    for (const text of [setCookies].flat()) {
      const [pair = ''] = text.split(';');
      const [name = '', ...value] = pair.split('=');
      if (/;\s*(max-age=0\b|expires=Thu, 01 Jan 1970)/i.test(text)) cookies.delete(name);
      else cookies.set(name, value.join('='));
    }
  }

  private async go(url: string, origin: string, form?: string): Promise<BrowserPage> {
    const target = new URL(url);
    if (target.origin !== origin) return { url, status: 0, text: '', location: url };
    const answer = await this.send(target, form);
    this.keep(origin, answer.headers['set-cookie']);
    const text = Buffer.concat(await answer.toArray()).toString();
    const { statusCode: status = 0, headers } = answer;
    if (headers.location !== undefined && status >= 300 && status < 400)
      return this.go(new URL(headers.location, url).href, origin);
    return { url, status, text, location: null };
  }

  private send(target: URL, form: string | undefined): Promise<IncomingMessage> {
    const request = target.protocol === 'https:' ? httpsRequest : httpRequest;
    const headers = {
      accept: 'text/html',
      cookie: this.cookiesOf(target.origin),
      ...(form !== undefined && { 'content-type': 'application/x-www-form-urlencoded' }),
    };
    const method = form === undefined ? 'GET' : 'POST';
    const options = { method, headers, agent: false, ca: this.ca, lookup: lookupAtHome };
    return new Promise((resolve, reject) => {
      request(target, options).once('response', resolve).once('error', reject).end(form);
    });
  }
}

/** Browsers resolve every name below `localhost` to this machine, but not every system resolver does. */
const lookupAtHome: LookupFunction = (_host, { all }, done) => {
  const home = { address: '127.0.0.1', family: 4 };
  if (all) done(null, [home]);
  else done(null, home.address, home.family);
};
