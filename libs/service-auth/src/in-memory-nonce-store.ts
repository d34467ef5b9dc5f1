import { type Clock } from '@atlas/platform';
import { NonceStore, type NonceUse } from './nonce-store';

const GENERATION_MS = 60_000;

/**
 * For tests and tools of a single process. Nonces are kept in generations by the minute they expire in and are dropped a
 * generation at a time, so memory is bounded by the calls of one window and no timer runs.
 */
export class InMemoryNonceStore extends NonceStore {
  private readonly generations = new Map<number, Set<string>>();

  constructor(private readonly clock: Clock) {
    super();
  }

  async consume({ keyId, nonce, expiresAt }: NonceUse): Promise<boolean> {
    this.dropExpired();
    // Neither part can hold a line break, so no two pairs share a spelling.
    const use = `${keyId}\n${nonce}`;
    // The same nonce may come back under another `created`, and so in another generation.
    for (const generation of this.generations.values()) if (generation.has(use)) return false;
    const expiresIn = Math.floor(expiresAt.getTime() / GENERATION_MS);
    const generation = this.generations.get(expiresIn) ?? new Set();
    this.generations.set(expiresIn, generation.add(use));
    return true;
  }

  /** How many nonces are held. */
  get size(): number {
    return [...this.generations.values()].reduce((sum, generation) => sum + generation.size, 0);
  }

  private dropExpired(): void {
    const current = Math.floor(this.clock.now().getTime() / GENERATION_MS);
    for (const expiresIn of this.generations.keys())
      if (expiresIn < current) this.generations.delete(expiresIn);
  }
}
