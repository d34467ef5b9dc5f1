import { type Clock } from '@atlas/platform';
import { NonceStore, type NonceUse } from './nonce-store';

const GENERATION_MS = 60_000;

/**
 * For a single process. Groups nonces by the minute in which they expire and drops a whole group at a time,
 * so memory use is bounded by the number of calls in one window, and no timer is needed.
 */
export class InMemoryNonceStore extends NonceStore {
  private readonly used = new Set<string>();
  private readonly generations = new Map<number, string[]>();

  constructor(private readonly clock: Clock) {
    super();
  }

  consume({ keyId, nonce, expiresAt }: NonceUse): boolean {
    this.dropExpired();
    // Neither the key id nor the nonce can contain a line break, so no two pairs collide.
    const use = `${keyId}\n${nonce}`;
    if (this.used.has(use)) return false;
    this.used.add(use);
    const expiresIn = Math.floor(expiresAt.getTime() / GENERATION_MS);
    const generation = this.generations.get(expiresIn);
    if (generation) generation.push(use);
    else this.generations.set(expiresIn, [use]);
    return true;
  }

  /** The number of nonces remembered. */
  get size(): number {
    return this.used.size;
  }

  private dropExpired(): void {
    const current = Math.floor(this.clock.now().getTime() / GENERATION_MS);
    for (const [expiresIn, uses] of this.generations) {
      if (expiresIn >= current) continue;
      for (const use of uses) this.used.delete(use);
      this.generations.delete(expiresIn);
    }
  }
}
