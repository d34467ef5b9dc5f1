import { type AnswerOf, type Given, type Json } from '@atlas/platform';
import { type TenantApi, type TenantCall, TenantClient } from '../../tenant/tenant-client';

/** What a start has to know about the story that an earlier start has begun to tell. */
export interface StoryRecord {
  /** The moment that all times in the story are relative to. The same for all starts. */
  readonly startedAt: string;
  readonly isDone: boolean;
  /** Shown only once, so they are saved before use. Removed when the story is told. */
  readonly keys?: Readonly<Record<string, string>>;
}

export interface StoryPlace {
  readonly url: string;
  readonly tenantId: string;
  readonly token: string;
  readonly signal: AbortSignal;
}

/**
 * Tells the story through the API, as a user would. A start that was killed is completed by the next: every
 * creation has a fixed `Idempotency-Key`, and the same content each time.
 */
export class Storyteller {
  readonly client: TenantClient;

  constructor(
    private readonly place: StoryPlace,
    private record: StoryRecord,
    private readonly save: (record: StoryRecord) => void,
  ) {
    this.client = this.clientWith(place.token);
  }

  /** A client for an agent or a data source, which sends its key. */
  clientWith(token: string): TenantClient {
    const { url, tenantId, signal } = this.place;
    const headers = { authorization: `Bearer ${token}`, 'x-tenant-id': tenantId };
    return new TenantClient({ url, headers, signal });
  }

  /** The moment `minutes` before the story began. */
  minutesAgo(minutes: number): string {
    return new Date(Date.parse(this.record.startedAt) - minutes * 60_000).toISOString();
  }

  create<Key extends TenantCall>(
    name: string,
    operation: Key,
    given: Given<TenantApi[Key]>,
    client = this.client,
  ): Promise<Json<AnswerOf<TenantApi[Key]>>> {
    const headers = { 'idempotency-key': `demo-story/${name.replaceAll(/[^\w/.-]+/g, '-')}` };
    return client.call(operation, { ...given, headers });
  }

  /**
   * The key with this name. If it is neither new nor saved, an earlier start was killed right after it had
   * created the key's owner. Nothing was sent with that key, so it is replaced.
   */
  async key(name: string, fresh: string | null, rotate: () => Promise<string | null>): Promise<string> {
    const key = this.record.keys?.[name] ?? fresh ?? (await rotate());
    if (key === null) throw new Error(`The key of ${name} was not shown.`);
    this.remember({ ...this.record, keys: { ...this.record.keys, [name]: key } });
    return key;
  }

  finish(): void {
    const { startedAt } = this.record;
    this.remember({ startedAt, isDone: true });
  }

  private remember(record: StoryRecord): void {
    this.record = record;
    this.save(record);
  }
}
