import { setTimeout as delay } from 'node:timers/promises';
import { type Answer, type RequestOptions, request } from '@atlas/testing';

const WRITES_A_SECOND = 20;
const READERS = 2;
const READ_PAUSE_MS = 25;
/**
 * The delay before the first retry. The delay doubles with each retry. It starts below the one second that
 * clients are asked to wait, so that the pause in writes can be measured accurately.
 */
const RETRY_MS = 20;
const MAX_RETRY_MS = 160;
/** How long a single write may keep being refused. */
const PATIENCE_MS = 30_000;

interface Incident {
  readonly id: string;
  readonly title: string;
}
type Page = Answer<{ readonly items: readonly Incident[] }>;

/**
 * Users of one tenant who keep working, regardless of what happens to the tenant. Like a browser, they follow
 * a redirect and stay at the new address. They retry a write that was refused because writes are paused. Each
 * retry has a new title, so that a write that was refused but took effect can be detected.
 */
export class OngoingWork {
  /** Acknowledged titles by incident id. */
  readonly acknowledged = new Map<string, string>();
  /** Titles of writes that were refused while writes were paused. */
  readonly refused = new Set<string>();
  readonly failures: string[] = [];
  reads = 0;
  /** The longest time from a write's first attempt to its acknowledgement. */
  longestWriteMs = 0;
  longestReadMs = 0;
  private newestId = '';
  private isOver = false;
  private readonly running: Promise<unknown>;

  /** `known` contains ids of existing incidents. Every fourth write edits the next of these incidents. */
  constructor(
    /** The address at which the users currently work. */
    public address: string,
    private readonly headers: Readonly<Record<string, string>>,
    private readonly known: Iterator<string>,
  ) {
    this.running = Promise.all([this.write(), ...Array.from({ length: READERS }, () => this.read())]);
  }

  async stop(): Promise<void> {
    this.isOver = true;
    await this.running;
  }

  /** Writes at a fixed rate, so that a pause delays every write that starts during it. */
  private async write(): Promise<void> {
    const writes: Promise<void>[] = [];
    const startedAt = performance.now();
    for (let n = 0; !this.isOver; n += 1) {
      writes.push(
        this.writeOne(n).catch((error: Error) => void this.failures.push(`write: ${error.message}`)),
      );
      await delay(startedAt + ((n + 1) * 1000) / WRITES_A_SECOND - performance.now());
    }
    await Promise.all(writes);
  }

  private async writeOne(n: number): Promise<void> {
    const changedId: string | undefined = n % 4 === 3 ? (this.known.next().value as string) : undefined;
    const startedAt = performance.now();
    for (let attempt = 1; ; attempt += 1) {
      const title = `${startedAt} ${n} attempt ${attempt}`;
      const answer = await this.send(title, changedId);
      if (answer.status === 201 || answer.status === 200) return this.note(answer.body, startedAt);
      if (answer.body['code'] !== 'tenant_frozen') throw new Error(describe(answer));
      this.refused.add(title);
      if (performance.now() - startedAt > PATIENCE_MS) throw new Error('the write was refused for too long');
      await delay(Math.min(MAX_RETRY_MS, RETRY_MS * 2 ** (attempt - 1)));
    }
  }

  private send(title: string, changedId?: string): Promise<Answer<Record<string, unknown> & Incident>> {
    return changedId === undefined
      ? this.call('/api/incidents', { body: { title, severity: 'P4' } })
      : this.call(`/api/incidents/${changedId}`, { method: 'PATCH', body: { title } });
  }

  private note({ id, title }: Incident, startedAt: number): void {
    this.acknowledged.set(id, title);
    if (id > this.newestId) this.newestId = id;
    this.longestWriteMs = Math.max(this.longestWriteMs, performance.now() - startedAt);
  }

  private async read(): Promise<void> {
    while (!this.isOver) {
      await this.readOnce().catch((error: Error) => void this.failures.push(`read: ${error.message}`));
      await delay(READ_PAUSE_MS);
    }
  }

  /** The newest incident that was acknowledged before the read must be visible. */
  private async readOnce(): Promise<void> {
    const [newest, startedAt] = [this.newestId, performance.now()];
    const page: Page = await this.call('/api/incidents?limit=100', {});
    if (page.status !== 200) throw new Error(describe(page));
    if (newest !== '' && !page.body.items.some(({ id }) => id === newest))
      throw new Error(`the acknowledged incident ${newest} is missing`);
    this.reads += 1;
    this.longestReadMs = Math.max(this.longestReadMs, performance.now() - startedAt);
  }

  private async call<T>(path: string, options: RequestOptions): Promise<Answer<T>> {
    const answer = await request<T>(`${this.address}${path}`, { ...options, headers: this.headers });
    if (answer.status !== 307) return answer;
    this.address = new URL(answer.headers.get('location') ?? '').origin;
    return this.call(path, options);
  }
}

function describe({ status, body }: Answer<unknown>): string {
  return `${status} ${JSON.stringify(body)}`;
}
