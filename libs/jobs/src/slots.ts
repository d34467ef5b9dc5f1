/** A fixed number of slots. When all are taken, callers wait in order of arrival. */
export class Slots {
  private readonly line: ((isIn: boolean) => void)[] = [];
  private hasEnded = false;

  constructor(private free: number) {}

  /** Waits for a free slot. Resolves to false once `end` has been called. */
  async take(): Promise<boolean> {
    if (this.hasEnded) return false;
    if (this.free === 0) return new Promise((resolve) => this.line.push(resolve));
    this.free -= 1;
    return true;
  }

  giveBack(): void {
    const next = this.line.shift();
    if (next) next(true);
    else this.free += 1;
  }

  end(): void {
    this.hasEnded = true;
    for (const leave of this.line.splice(0)) leave(false);
  }
}
