type Undo = () => unknown;

/** Cleanup functions. {@link end} runs them, most recently added first. Calling it twice is harmless. */
export class Cleanup {
  private readonly undos: Undo[] = [];

  add(undo: Undo): void {
    this.undos.push(undo);
  }

  /** Runs all functions even if some fail, and then throws the first error. */
  async end(): Promise<void> {
    let failure: unknown;
    for (let undo = this.undos.pop(); undo; undo = this.undos.pop()) {
      try {
        await undo();
      } catch (error) {
        failure ??= error;
      }
    }
    if (failure !== undefined) throw failure;
  }
}
