/** Below this size, a loop is faster than a call of a native function. */
const FEW = 64;

/** Bytes that are written one after the other. */
export class GrowingBytes {
  private bytes: Buffer;
  private length = 0;

  constructor(expected: number) {
    this.bytes = Buffer.allocUnsafe(expected);
  }

  get written(): Buffer {
    return this.bytes.subarray(0, this.length);
  }

  add(source: Buffer, start = 0, end = source.length): void {
    const count = end - start;
    this.makeRoom(count);
    const { bytes, length } = this;
    if (count > FEW) source.copy(bytes, length, start, end);
    else for (let at = 0; at < count; at += 1) bytes[length + at] = source[start + at] ?? 0;
    this.length += count;
  }

  addText(text: string): void {
    this.makeRoom(3 * text.length);
    this.length += this.bytes.write(text, this.length);
  }

  private makeRoom(count: number): void {
    if (this.length + count <= this.bytes.length) return;
    const larger = Buffer.allocUnsafe(2 * (this.length + count));
    this.bytes.copy(larger, 0, 0, this.length);
    this.bytes = larger;
  }
}
