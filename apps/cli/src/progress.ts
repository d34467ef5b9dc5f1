import { type Writable } from 'node:stream';

const TICK_MS = 1000;
/** Without a live line, the progress of a long step is shown at this interval. */
const REMIND_SECONDS = 10;

/** Shows what is being done and for how long: a live line on a terminal, plain lines elsewhere. */
export class Progress {
  constructor(
    private readonly stream: Writable,
    private readonly isTerminal: boolean,
    private readonly hasColours: boolean,
  ) {}

  async step<T>(what: string, work: () => Promise<T>): Promise<T> {
    const startedAt = performance.now();
    const seconds = (): number => (performance.now() - startedAt) / 1000;
    const tick = setInterval(() => this.tick(what, Math.round(seconds())), TICK_MS);
    if (this.isTerminal) this.stream.write(`  … ${what}`);
    try {
      const result = await work();
      this.finish('✓', '32', what, seconds());
      return result;
    } catch (error) {
      this.finish('✗', '31', what, seconds());
      throw error;
    } finally {
      clearInterval(tick);
    }
  }

  note(text: string): void {
    this.stream.write(`${this.startOfLine}  ${text}\n`);
  }

  private tick(what: string, seconds: number): void {
    if (this.isTerminal) this.stream.write(`${this.startOfLine}  … ${what} ${seconds} s`);
    else if (seconds % REMIND_SECONDS === 0) this.stream.write(`  … ${what} ${seconds} s\n`);
  }

  private finish(mark: string, colour: string, what: string, seconds: number): void {
    const sign = this.isTerminal && this.hasColours ? `\u001b[${colour}m${mark}\u001b[0m` : mark;
    this.stream.write(`${this.startOfLine}  ${sign} ${what} (${seconds.toFixed(1)} s)\n`);
  }

  private get startOfLine(): string {
    return this.isTerminal ? '\r\u001b[K' : '';
  }
}
