const LETTERS = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789';

/** The same seed gives the same sequence (mulberry32), so that a failure can be reproduced. */
export class SeededRandom {
  private state: number;

  constructor(readonly seed: number) {
    this.state = seed;
  }

  /** 0 <= n < limit */
  below(limit: number): number {
    this.state = (this.state + 0x6d2b79f5) | 0;
    let t = Math.imul(this.state ^ (this.state >>> 15), 1 | this.state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return Math.floor((((t ^ (t >>> 14)) >>> 0) / 4_294_967_296) * limit);
  }

  one<T>(items: readonly T[]): T {
    return items[this.below(items.length)] as T;
  }

  /** The same items in random order, which may happen to be the original order. */
  shuffled<T>(items: readonly T[]): T[] {
    const rest = [...items];
    return items.flatMap(() => rest.splice(this.below(rest.length), 1));
  }

  word(): string {
    return Array.from({ length: 8 }, () => this.one([...LETTERS])).join('');
  }

  /** The text with one character replaced with a different letter or digit. */
  changed(text: string): string {
    const at = this.below(text.length);
    const other = [...LETTERS].filter((letter) => letter !== text[at]);
    return text.slice(0, at) + this.one(other) + text.slice(at + 1);
  }
}
