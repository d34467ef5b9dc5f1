import { DomainError } from '@atlas/platform';

/** An agent needs one. The others may be of connections that broke, which the plane has not noticed yet. */
const MOST_WITH_ONE_KEY = 5;

/** The claims that wait for a step in this process. Each of them asks the database again and again. */
export class WaitingClaims {
  private readonly counts = new Map<string, number>();

  /** Throws `too_many_claims`. */
  async during<T>(key: string, claim: () => Promise<T>): Promise<T> {
    const count = this.counts.get(key) ?? 0;
    if (count === MOST_WITH_ONE_KEY) throw tooManyClaims();
    this.counts.set(key, count + 1);
    try {
      return await claim();
    } finally {
      this.leave(key);
    }
  }

  private leave(key: string): void {
    const count = (this.counts.get(key) ?? 1) - 1;
    if (count === 0) this.counts.delete(key);
    else this.counts.set(key, count);
  }
}

function tooManyClaims(): DomainError {
  const detail =
    `${MOST_WITH_ONE_KEY} claims with this key are already waiting for a step. Wait for their answers, and ` +
    'use a key of its own for each agent.';
  return new DomainError('too_many_claims', 'too_many', detail, {}, { 'retry-after': '5' });
}
