/**
 * Runs the work for each key one after another, in order of arrival. Waiting work occupies no database
 * connection.
 */
export class OneByOne {
  private readonly lines = new Map<string, { last: Promise<unknown>; length: number }>();

  /** `full` creates the error that is thrown if `maxWaiting` others are waiting for the same key. */
  constructor(private readonly limit?: { readonly maxWaiting: number; readonly full: () => Error }) {}

  async run<T>(key: string, work: () => Promise<T>): Promise<T> {
    const line = this.lines.get(key) ?? { last: Promise.resolve(), length: 0 };
    if (this.limit && line.length > this.limit.maxWaiting) throw this.limit.full();
    line.length += 1;
    this.lines.set(key, line);
    const result = line.last.then(work);
    line.last = result.catch(() => undefined);
    try {
      return await result;
    } finally {
      line.length -= 1;
      if (line.length === 0) this.lines.delete(key);
    }
  }
}
