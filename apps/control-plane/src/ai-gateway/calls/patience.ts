export interface Limits {
  /** How long the first part may take, in milliseconds. */
  readonly firstMs: number;
  /** How long each further part may take, in milliseconds. */
  readonly idleMs: number;
}

/** Aborts a call to a provider when a single wait takes too long, or when `ended` is aborted. */
export class Patience {
  private readonly over = new AbortController();
  readonly signal: AbortSignal;

  constructor(
    readonly limits: Limits,
    ended: AbortSignal,
  ) {
    this.signal = AbortSignal.any([ended, this.over.signal]);
  }

  get isOver(): boolean {
    return this.over.signal.aborted;
  }

  async during<T>(ms: number, wait: Promise<T>): Promise<T> {
    const timer = setTimeout(() => this.over.abort(), ms);
    try {
      return await wait;
    } finally {
      clearTimeout(timer);
    }
  }
}
