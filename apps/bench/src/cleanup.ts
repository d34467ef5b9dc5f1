type Undo = () => unknown;

/** Functions to run at the end, the last added first. Calling {@link end} twice is harmless. */
export class Cleanup {
  private readonly undos: Undo[] = [];

  add(undo: Undo): void {
    this.undos.push(undo);
  }

  /** Continues when one step fails, and throws the first failure at the end. */
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
