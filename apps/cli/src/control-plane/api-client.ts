import {
  type AnswerOf,
  type Given,
  type ItemOf,
  type Json,
  type ListsOf,
  type OperationKey,
  type Page,
} from '@atlas/platform';
import { type Silence, callJson } from './http-call';
import { requestLine } from './request-line';

/** The largest page that the planes return. */
const PAGE_SIZE = 200;

interface CallOptions {
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

/** What each request carries, and how long it may take. */
export interface Connection {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
  readonly timeoutMs?: number;
  readonly whySilent?: () => Silence;
}

/** A plane's API, described by its contract. */
export class ApiClient<Api> {
  constructor(protected readonly connection: Connection) {}

  /** Throws the same errors as {@link callJson}. */
  call<Key extends keyof Api & OperationKey>(
    operation: Key,
    { signal = this.connection.signal, ...given }: CallOptions & Given<Api[Key]> = {},
  ): Promise<Json<AnswerOf<Api[Key]>>> {
    const { url, headers, ...rest } = this.connection;
    const { method, target } = requestLine(operation, given);
    return callJson({
      ...rest,
      method,
      url: url + target,
      headers: { ...headers, ...given.headers },
      body: given.body ?? (method === 'POST' ? {} : undefined),
      signal,
    });
  }

  /** The items of all pages, starting at the cursor `from` or, without a cursor, at the first page. */
  async *list<Key extends ListsOf<Api>>(
    operation: Key,
    query: Given<Api[Key]>['query'] | Record<never, never> = {},
    { from = '', path }: { readonly from?: string } & Pick<Given<Api[Key]>, 'path'> = {},
  ): AsyncGenerator<Json<ItemOf<Api[Key]>>> {
    const { url, ...rest } = this.connection;
    for (let cursor: string | null = from; cursor !== null;) {
      const paged = { limit: PAGE_SIZE, ...query, ...(cursor && { cursor }) };
      const { target } = requestLine(operation, { path, query: paged });
      // Every operation in `ListsOf` returns pages of these items.
      const page: Page<Json<ItemOf<Api[Key]>>> = await callJson({
        ...rest,
        method: 'GET',
        url: url + target,
      });
      yield* page.items;
      cursor = page.next_cursor;
    }
  }
}
