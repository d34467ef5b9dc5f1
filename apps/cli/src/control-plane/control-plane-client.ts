import { type OperatorApi } from '@atlas/operator-api';
import { type AnswerOf, type Given, type ItemOf, type Json, type ListsOf, type Page } from '@atlas/platform';
import { type ServerEvent, readEvents } from './event-stream';
import { type Silence, callJson } from './http-call';
import { requestLine } from './request-line';

/** The largest page that the Control Plane returns. */
const PAGE_SIZE = 200;

export type OperatorCall = keyof OperatorApi;

interface CallOptions {
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

/** The Control Plane's API, called with an operator's API key or session. */
export class ControlPlaneClient {
  constructor(
    private readonly url: string,
    private readonly token: string,
    private readonly signal: AbortSignal,
    private readonly timeoutMs?: number,
    private readonly whySilent?: () => Silence,
  ) {}

  /** Throws the same errors as {@link callJson}. */
  call<Key extends OperatorCall>(
    operation: Key,
    { signal = this.signal, ...given }: CallOptions & Given<OperatorApi[Key]> = {},
  ): Promise<Json<AnswerOf<OperatorApi[Key]>>> {
    const { method, target } = requestLine(operation, given);
    return callJson({
      method,
      url: this.url + target,
      headers: { ...this.headers, ...given.headers },
      body: given.body ?? (method === 'POST' ? {} : undefined),
      signal,
      timeoutMs: this.timeoutMs,
      whySilent: this.whySilent,
    });
  }

  /** The items of all pages, starting at the cursor `from` or, without a cursor, at the first page. */
  async *list<Key extends ListsOf<OperatorApi>>(
    operation: Key,
    query: Given<OperatorApi[Key]>['query'] | Record<never, never> = {},
    from = '',
  ): AsyncGenerator<Json<ItemOf<OperatorApi[Key]>>> {
    for (let cursor: string | null = from; cursor !== null;) {
      const paged = { limit: PAGE_SIZE, ...query, ...(cursor && { cursor }) };
      const { target } = requestLine(operation, { query: paged });
      // Every operation in `ListsOf` returns pages of these items.
      const page = await this.fetch<Page<Json<ItemOf<OperatorApi[Key]>>>>(target);
      yield* page.items;
      cursor = page.next_cursor;
    }
  }

  /** Yields server-sent events until the stream ends. */
  events(
    operation: OperatorCall,
    { path, signal }: { readonly path: Readonly<Record<string, string>>; readonly signal: AbortSignal },
  ): AsyncGenerator<ServerEvent> {
    const { target } = requestLine(operation, { path });
    return readEvents(this.url + target, this.headers, signal, this.whySilent);
  }

  private fetch<T>(target: string): Promise<T> {
    const { headers, signal, timeoutMs, whySilent } = this;
    return callJson({ method: 'GET', url: this.url + target, headers, signal, timeoutMs, whySilent });
  }

  private get headers(): Record<string, string> {
    return this.token ? { authorization: `Bearer ${this.token}` } : {};
  }
}
