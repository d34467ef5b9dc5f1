import { type ServerEvent, readEvents } from './event-stream';
import { type HttpCall, type Silence, callJson } from './http-call';
import { type Page } from './views';

/** The largest page that the Control Plane returns. */
const PAGE_SIZE = 200;

/** The Control Plane's API, called with an operator's API key or session. */
export class ControlPlaneClient {
  constructor(
    private readonly url: string,
    private readonly token: string,
    private readonly signal: AbortSignal,
    private readonly timeoutMs?: number,
    private readonly whySilent?: () => Silence,
  ) {}

  get<T>(path: string, signal = this.signal): Promise<T> {
    const { headers, timeoutMs, whySilent } = this;
    return callJson({ method: 'GET', url: this.url + path, headers, signal, timeoutMs, whySilent });
  }

  post<T>(path: string, body: unknown = {}, headers: Readonly<Record<string, string>> = {}): Promise<T> {
    return this.send('POST', path, body, headers);
  }

  send<T>(
    method: HttpCall['method'],
    path: string,
    body: unknown,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<T> {
    return callJson({
      method,
      url: this.url + path,
      headers: { ...this.headers, ...headers },
      body,
      signal: this.signal,
      timeoutMs: this.timeoutMs,
      whySilent: this.whySilent,
    });
  }

  /** The items of all pages, from the first page or the cursor `from` on. */
  async *list<T>(
    path: string,
    query: Readonly<Record<string, string | undefined>> = {},
    from = '',
  ): AsyncGenerator<T> {
    const search = new URLSearchParams({ limit: String(PAGE_SIZE) });
    for (const [name, value] of Object.entries(query)) if (value !== undefined) search.set(name, value);
    for (let cursor: string | null = from; cursor !== null;) {
      if (cursor) search.set('cursor', cursor);
      const page: Page<T> = await this.get(`${path}?${search}`);
      yield* page.items;
      cursor = page.next_cursor;
    }
  }

  /** Server-sent events, until they end. */
  events(path: string, signal: AbortSignal): AsyncGenerator<ServerEvent> {
    return readEvents(this.url + path, this.headers, signal, this.whySilent);
  }

  private get headers(): Record<string, string> {
    return this.token ? { authorization: `Bearer ${this.token}` } : {};
  }
}
