/** Calls under way: one a key, however many ask for it, and no more than `max` at once. */
export class SharedCalls<T> {
  private readonly underWay = new Map<string, Promise<T>>();

  constructor(private readonly max: number) {}

  /** Undefined while `max` others are under way. */
  call(key: string, start: () => Promise<T>): Promise<T> | undefined {
    const known = this.underWay.get(key);
    if (known || this.underWay.size >= this.max) return known;
    const call = start().finally(() => this.underWay.delete(key));
    this.underWay.set(key, call);
    return call;
  }
}
