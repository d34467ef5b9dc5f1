const ROUND_MS = 5000;

/** Does its work at once and then every 5 s, but never twice at a time. Its work does not fail. */
export class Rounds {
  private timer?: NodeJS.Timeout;
  private current?: Promise<void>;

  constructor(private readonly work: () => Promise<void>) {}

  start(): void {
    this.begin();
    this.timer = setInterval(() => this.begin(), ROUND_MS);
  }

  /** Ends with the round under way. */
  async stop(): Promise<void> {
    clearInterval(this.timer);
    await this.current;
  }

  private begin(): void {
    this.current ??= this.work().finally(() => (this.current = undefined));
  }
}
