type Undo = () => unknown;

/** What has to be ended again, last started first ended. Ending twice is harmless. */
export class Cleanup {
  private readonly undos: Undo[] = [];

  add(undo: Undo): void {
    this.undos.push(undo);
  }

  /** Goes on when one fails, and throws that failure at the end. */
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
