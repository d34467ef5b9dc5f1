import { randomUUID } from 'node:crypto';
import { type DesiredState, type DesiredTenant, type PublishedKey } from '@atlas/plane-contract';

interface Change {
  readonly n: number;
  readonly id: string;
  /** Null for a tenant that shall no longer be served. */
  readonly entry: DesiredTenant | null;
}

/** What a Control Plane wants of one tenant plane, with its revisions. */
export class WantedState {
  keys: PublishedKey[] = [];
  private epoch = randomUUID();
  private n = 0;
  private readonly changes = new Map<string, Change>();
  private waiting: (() => void)[] = [];

  get revision(): string {
    return `${this.epoch}.${this.n}`;
  }

  put(entry: DesiredTenant): void {
    this.note(entry.tenant_id, { ...entry, entry_revision: this.n + 1 });
  }

  remove(id: string): void {
    this.note(id, null);
  }

  /** Makes several changes before waking whoever waits. */
  changeTogether(change: () => void): void {
    const waiting = this.waiting.splice(0);
    change();
    this.waiting = waiting;
    this.wake();
  }

  /** Something other than a tenant changes. */
  touch(): void {
    this.n += 1;
    this.wake();
  }

  /** As after a restore: revisions of before mean nothing, so everything is told. */
  startNewEpoch(): void {
    this.epoch = randomUUID();
    this.wake();
  }

  /** Nothing but this tenant, told from the beginning. */
  startAnew(entry: DesiredTenant): void {
    this.changes.clear();
    this.epoch = randomUUID();
    this.n = 0;
    this.put(entry);
  }

  /** Forgets a tenant without a word: only a full state shows that it is gone. */
  forget(id: string): void {
    this.changes.delete(id);
  }

  knows(id: string): boolean {
    return this.changes.has(id);
  }

  since(revision: string | null): DesiredState | null {
    const [epoch, n] = (revision ?? '').split('.');
    const isKnown = epoch === this.epoch && Number(n) <= this.n;
    if (isKnown && Number(n) === this.n) return null;
    const changes = [...this.changes.values()].filter((change) => !isKnown || change.n > Number(n));
    return {
      revision: this.revision,
      full: !isKnown,
      tenants: changes.flatMap(({ entry }) => entry ?? []),
      removed: isKnown ? changes.filter(({ entry }) => entry === null).map(({ id }) => id) : [],
      config: { keys: { keys: this.keys } },
    };
  }

  /** Until something changes, or the time is over. */
  nextChange(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.waiting.push(() => {
        clearTimeout(timer);
        resolve();
      });
    });
  }

  wake(): void {
    for (const resume of this.waiting.splice(0)) resume();
  }

  private note(id: string, entry: DesiredTenant | null): void {
    this.n += 1;
    this.changes.set(id, { n: this.n, id, entry });
    this.wake();
  }
}
