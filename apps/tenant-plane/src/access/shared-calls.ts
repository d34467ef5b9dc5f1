/** Shares calls in flight among callers with the same key. At most `max` calls run at the same time. */
export class SharedCalls<T> {
  private readonly underWay = new Map<string, Promise<T>>();

  constructor(private readonly max: number) {}

  /** Returns undefined while `max` other calls are in flight. */
  call(key: string, start: () => Promise<T>): Promise<T> | undefined {
    const known = this.underWay.get(key);
    if (known || this.underWay.size >= this.max) return known;
    const call = start().finally(() => this.underWay.delete(key));
    this.underWay.set(key, call);
    return call;
  }
}
