/** Holds at most `max` entries: the one that was set longest ago makes room. For whatever a caller's input is the key of. */
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
