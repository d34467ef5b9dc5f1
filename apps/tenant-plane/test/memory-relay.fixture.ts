import { decodeProtectedHeader } from 'jose';

/** The Control Plane's part of it, in memory. */
export class MemoryRelay {
  readonly parts: string[] = [];
  private wake: () => void = () => undefined;
  private readonly waiting: { until: () => boolean; resolve: () => void }[] = [];
  /** The part that was asked for last: those before are imported. */
  asked = 0;

  async send(_id: string, part: number, sealed: string): Promise<void> {
    if (part === 1 && this.parts[0] && attemptOf(this.parts[0]) !== attemptOf(sealed)) this.parts.length = 0;
    this.parts[part - 1] = sealed;
    this.wake();
    this.look();
  }

  async receive(
    { attempt, part }: { attempt?: string; part: number },
    signal: AbortSignal,
    wait = 20,
  ): Promise<string | null> {
    const isNew = (): boolean => this.parts[0] !== undefined && attempt !== attemptOf(this.parts[0]);
    this.asked = part;
    this.look();
    while (wait > 0 && !isNew() && this.parts.length < part && !signal.aborted)
      await new Promise<void>((resolve) => {
        this.wake = resolve;
        signal.addEventListener('abort', () => resolve());
      });
    return (isNew() ? this.parts[0] : this.parts[part - 1]) ?? null;
  }

  /** Until the target has imported all that was sent. */
  level(): Promise<void> {
    return this.when(() => {
      const last = this.parts.at(-1);
      const header = last ? decodeProtectedHeader(last) : {};
      return header['kind'] === 'changes' && this.asked > this.parts.length;
    });
  }

  when(until: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      this.waiting.push({ until, resolve });
      this.look();
    });
  }

  private look(): void {
    for (const { until, resolve } of this.waiting) if (until()) resolve();
  }
}

const attemptOf = (sealed: string): unknown => decodeProtectedHeader(sealed)['attempt'];
