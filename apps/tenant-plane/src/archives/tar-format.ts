/**
 * The part of the POSIX ustar format (IEEE Std 1003.1, pax) that archives use: regular files with short
 * names. Headers are written here, rather than by a library, because the size of a file is known only after
 * its content was written (see `ArchiveWriter`). They are read here, because an archive may contain nothing
 * else: no links, no folders, and no long names.
 */
export const TAR_BLOCK = 512;

const ZERO = '0'.charCodeAt(0);
const CHECKSUM = { at: 148, length: 8 };
/** The largest size that 11 octal digits can express. */
const MAX_OCTAL = 8 ** 11 - 1;

export interface TarHeader {
  readonly name: string;
  readonly size: number;
}

/** The block that precedes a file. `name` has at most 100 ASCII characters. */
export function tarHeader({ name, size }: TarHeader, modifiedAt: Date): Buffer {
  const block = Buffer.alloc(TAR_BLOCK);
  block.write(name, 0, 100, 'ascii');
  writeOctal(block, 100, 8, 0o600);
  writeOctal(block, 108, 8, 0);
  writeOctal(block, 116, 8, 0);
  writeSize(block, size);
  writeOctal(block, 136, 12, Math.floor(modifiedAt.getTime() / 1000));
  block.write('0', 156, 'ascii');
  block.write('ustar\x0000', 257, 'ascii');
  block.write(`${checksumOf(block).toString(8).padStart(6, '0')}\0 `, CHECKSUM.at, 'ascii');
  return block;
}

/** Returns null for a block of zeros, which ends an archive. Throws if the block is anything else. */
export function parseTarHeader(block: Buffer): TarHeader | null {
  if (block.every((byte) => byte === 0)) return null;
  const checksum = parseInt(textAt(block, CHECKSUM.at, CHECKSUM.length), 8);
  if (checksum !== checksumOf(block)) throw new Error('A tar header is damaged.');
  if (block[156] !== ZERO) throw new Error('It contains something other than a regular file.');
  if (textAt(block, 345, 155) !== '') throw new Error('A file name is too long.');
  return { name: textAt(block, 0, 100), size: readSize(block) };
}

/** How many zeros follow a file of this size. */
export function tarPadding(size: number): number {
  return (TAR_BLOCK - (size % TAR_BLOCK)) % TAR_BLOCK;
}

/** The sum of all bytes, with spaces in place of the checksum itself. */
function checksumOf(block: Buffer): number {
  let sum = ' '.charCodeAt(0) * CHECKSUM.length;
  for (const [at, byte] of block.entries())
    if (at < CHECKSUM.at || at >= CHECKSUM.at + CHECKSUM.length) sum += byte;
  return sum;
}

function writeOctal(block: Buffer, at: number, length: number, value: number): void {
  block.write(`${value.toString(8).padStart(length - 1, '0')}\0`, at, 'ascii');
}

/** Sizes from 8 GiB are binary numbers, marked by the highest bit, as other programs write them too. */
function writeSize(block: Buffer, size: number): void {
  if (size <= MAX_OCTAL) return writeOctal(block, 124, 12, size);
  block[124] = 0x80;
  block.writeBigUInt64BE(BigInt(size), 128);
}

function readSize(block: Buffer): number {
  const size = block[124] === 0x80 ? Number(block.readBigUInt64BE(128)) : parseInt(textAt(block, 124, 12), 8);
  if (!Number.isSafeInteger(size)) throw new Error('A file has no valid size.');
  return size;
}

function textAt(block: Buffer, at: number, length: number): string {
  return block.toString('latin1', at, at + length).replace(/\0.*$/s, '');
}
