import { randomFillSync } from 'node:crypto';

/**
 * Returns `size` unpredictable bytes; tests inject fixed bytes. The caller reads them before the next call.
 */
export type RandomBytes = (size: number) => Uint8Array;

/**
 * Creates a UUIDv7. `now` is a date, or milliseconds since the epoch. Throws RangeError if `now` does not fit
 * in 48 bits.
 */
export type UuidSource = (now?: Date | number, random?: RandomBytes) => string;

const RANDOM_BYTES_PER_ID = 10;
const MAX_TIMESTAMP = 2 ** 48 - 1;
const MAX_COUNTER = 2 ** 26 - 1;
const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));

/**
 * A source of version 7 UUIDs (RFC 9562, section 5.7) that strictly increase for the life of the process,
 * even within a millisecond and when the clock steps back. Uses method 1 of section 6.2: a 26-bit counter
 * (rand_a and the first 14 bits of rand_b), reseeded each millisecond. The source keeps the highest time it
 * has seen; an exhausted counter borrows the next millisecond. The last 48 bits are always fresh, so
 * processes that share a millisecond do not collide.
 */
export function createUuidSource(): UuidSource {
  let timestamp = -1;
  let counter = 0;

  return (now = Date.now(), random = pooledRandomBytes) => {
    const clock = millisecondsOf(now);
    const bytes = random(RANDOM_BYTES_PER_ID);
    if (clock <= timestamp && counter < MAX_COUNTER) {
      counter += 1;
    } else {
      timestamp = Math.max(clock, timestamp + 1);
      counter = counterSeedOf(bytes);
    }
    return format(timestamp, counter, bytes);
  };
}

/** The source that the whole process shares. */
export const uuidv7: UuidSource = createUuidSource();

function millisecondsOf(now: Date | number): number {
  const milliseconds = Math.floor(Number(now));
  if (!(milliseconds >= 0 && milliseconds <= MAX_TIMESTAMP)) {
    throw new RangeError('a UUIDv7 needs a time from 1970 onwards that fits in 48 bits of milliseconds');
  }
  return milliseconds;
}

function counterSeedOf(bytes: Uint8Array): number {
  const [a = 0, b = 0, c = 0, d = 0] = bytes;
  return ((a << 24) | (b << 16) | (c << 8) | d) >>> 6;
}

function format(timestamp: number, counter: number, bytes: Uint8Array): string {
  const high = Math.floor(timestamp / 0x10000);
  return (
    `${hex(high >>> 24)}${hex(high >>> 16)}${hex(high >>> 8)}${hex(high)}-` +
    `${hex(timestamp >>> 8)}${hex(timestamp)}-` +
    `${hex(0x70 | (counter >>> 22))}${hex(counter >>> 14)}-` +
    `${hex(0x80 | ((counter >>> 8) & 0x3f))}${hex(counter)}-` +
    `${hexAt(bytes, 4)}${hexAt(bytes, 5)}${hexAt(bytes, 6)}` +
    `${hexAt(bytes, 7)}${hexAt(bytes, 8)}${hexAt(bytes, 9)}`
  );
}

const hex = (value: number): string => HEX[value & 0xff] as string;
const hexAt = (bytes: Uint8Array, index: number): string => hex(bytes[index] ?? 0);

// Random bytes are fetched for many ids at once, because a system call for each id would cost more than the
// rest of the work.
const pool = new Uint8Array(RANDOM_BYTES_PER_ID * 400);
let poolOffset = pool.length;

function pooledRandomBytes(size: number): Uint8Array {
  if (poolOffset + size > pool.length) {
    randomFillSync(pool);
    poolOffset = 0;
  }
  const bytes = pool.subarray(poolOffset, poolOffset + size);
  poolOffset += size;
  return bytes;
}
