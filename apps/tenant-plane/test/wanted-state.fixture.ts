import { randomUUID } from 'node:crypto';
import { type DesiredState, type DesiredTenant, type PublishedKey } from '@atlas/plane-contract';

interface Change {
  readonly n: number;
  readonly id: string;
  /** Null for a tenant that is no longer served. */
  readonly entry: DesiredTenant | null;
}

/** The desired state of one tenant plane, with its revisions. */
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

  /** Makes several changes, and wakes the waiting calls only afterwards. */
  changeTogether(change: () => void): void {
    const waiting = this.waiting.splice(0);
    change();
    this.waiting = waiting;
    this.wake();
  }

  /** Records a change that concerns no tenant. */
  touch(): void {
    this.n += 1;
    this.wake();
  }

  /** Invalidates earlier revisions, as a restore does, so that everything is sent. */
  startNewEpoch(): void {
    this.epoch = randomUUID();
    this.wake();
  }

  /** Starts over in a new epoch, with only this tenant. */
  startAnew(entry: DesiredTenant): void {
    this.changes.clear();
    this.epoch = randomUUID();
    this.n = 0;
    this.put(entry);
  }

  /** Forgets a tenant without recording a change, so only a full state shows that it was removed. */
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

  /** Resolves when something changes, or after a timeout. */
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
