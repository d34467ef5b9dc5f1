import { StringDecoder } from 'node:string_decoder';

/** What is kept if the plane is slower than the command. The plane itself keeps 64 KiB. */
const CAPACITY = 262_144;
const CHUNK = 65_536;

export interface OutputChunk {
  readonly text: string;
  /** How many bytes before the text were dropped. */
  readonly skipped: number;
}

/** The latest output that was not sent yet, in a ring of constant size. */
export class OutputBuffer {
  private readonly ring = Buffer.allocUnsafe(CAPACITY);
  private start = 0;
  private length = 0;
  private dropped = 0;
  private decoder = new StringDecoder('utf8');

  get isEmpty(): boolean {
    return this.length === 0;
  }

  /** Drops the oldest bytes if there are too many. */
  push(bytes: Buffer): void {
    const kept = bytes.subarray(Math.max(bytes.length - CAPACITY, 0));
    const excess = Math.max(this.length + kept.length - CAPACITY, 0);
    this.discard(excess);
    this.dropped += excess + bytes.length - kept.length;
    const at = (this.start + this.length) % CAPACITY;
    const first = kept.copy(this.ring, at);
    kept.copy(this.ring, 0, first);
    this.length += kept.length;
  }

  /** The next part of the output. The plane accepts no NUL characters, so they are replaced. */
  take(): OutputChunk {
    if (this.dropped > 0) this.decoder = new StringDecoder('utf8');
    const size = Math.min(this.length, CHUNK, CAPACITY - this.start);
    const text = this.decoder.write(Buffer.from(this.ring.subarray(this.start, this.start + size)));
    this.discard(size);
    const skipped = this.dropped;
    this.dropped = 0;
    return { text: text.replaceAll('\0', '\ufffd'), skipped };
  }

  /** The rest of a character that was cut off. */
  end(): string {
    return this.decoder.end();
  }

  private discard(count: number): void {
    this.start = (this.start + count) % CAPACITY;
    this.length -= count;
  }
}
