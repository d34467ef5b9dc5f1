/** Aborts a call to the provider when a single wait takes too long or when the caller disconnects. */
export class Patience {
  private readonly over = new AbortController();
  readonly signal: AbortSignal;

  constructor(
    private readonly ms: number,
    ended: AbortSignal,
  ) {
    this.signal = AbortSignal.any([ended, this.over.signal]);
  }

  get isOver(): boolean {
    return this.over.signal.aborted;
  }

  async during<T>(wait: Promise<T>): Promise<T> {
    const timer = setTimeout(() => this.over.abort(), this.ms);
    try {
      return await wait;
    } finally {
      clearTimeout(timer);
    }
  }
}
