/**
 * Keeps at most `max` entries and drops the least recently set entry, so that keys from callers cannot fill
 * the memory.
 */
export class BoundedMap<K, V> extends Map<K, V> {
  constructor(private readonly max: number) {
    super();
  }

  override set(key: K, value: V): this {
    this.delete(key);
    const [oldest] = this.keys();
    if (this.size >= this.max && oldest !== undefined) this.delete(oldest);
    return super.set(key, value);
  }
}
