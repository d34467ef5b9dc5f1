const ROUND_MS = 5000;

/**
 * Runs its work at once and then every 5 s, and skips a round if the previous round is still running. The
 * work must not throw.
 */
export class Rounds {
  private timer?: NodeJS.Timeout;
  private current?: Promise<void>;

  constructor(private readonly work: () => Promise<void>) {}

  start(): void {
    this.begin();
    this.timer = setInterval(() => this.begin(), ROUND_MS);
  }

  /** Resolves when the current round has finished. */
  async stop(): Promise<void> {
    clearInterval(this.timer);
    await this.current;
  }

  private begin(): void {
    this.current ??= this.work().finally(() => (this.current = undefined));
  }
}
