import { type Signals } from './signals';

/**
 * Waits for the signals of one topic, up to a time limit. A signal between two calls of `next()` is not
 * missed.
 */
export class Wakes {
  private pending = false;
  private isOver = false;
  private resume: () => void = () => undefined;
  private readonly timer: NodeJS.Timeout;
  private readonly unsubscribe: () => void;

  constructor(
    signals: Signals,
    topic: string,
    seconds: number,
    private readonly ended: AbortSignal,
  ) {
    this.timer = setTimeout(this.end, seconds * 1000);
    ended.addEventListener('abort', this.end);
    if (ended.aborted) this.isOver = true;
    this.unsubscribe = signals.subscribe(topic, () => {
      this.pending = true;
      this.resume();
    });
  }

  /** True for a signal; false when the time is up or the wait is aborted. */
  async next(): Promise<boolean> {
    if (!this.pending && !this.isOver) await new Promise<void>((resolve) => (this.resume = resolve));
    const happened = this.pending;
    this.pending = false;
    return happened && !this.isOver;
  }

  stop(): void {
    clearTimeout(this.timer);
    this.ended.removeEventListener('abort', this.end);
    this.unsubscribe();
  }

  private readonly end = (): void => {
    this.isOver = true;
    this.resume();
  };
}
