type Undo = () => unknown;

/** Cleanup functions. {@link end} runs them, most recently added first. Calling it twice is harmless. */
export class Cleanup {
  private readonly undos: Undo[] = [];

  add(undo: Undo): void {
    this.undos.push(undo);
  }

  /** Runs `work`, then {@link end}. If both fail, throws both errors, that of `work` first. */
  async after<T>(work: Promise<T>): Promise<T> {
    const failures: unknown[] = [];
    const note = (error: unknown): void => void failures.push(error);
    await work.catch(note);
    await this.end().catch(note);
    if (failures.length > 1) throw new AggregateError(failures, 'The cleanup failed as well.');
    if (failures.length > 0) throw failures[0];
    return work;
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
