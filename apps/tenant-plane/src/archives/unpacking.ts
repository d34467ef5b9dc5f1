import { pipeline } from 'node:stream/promises';
import { PassThrough } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { DomainError } from '@atlas/platform';
import { archiveDamaged, archiveTooLarge } from './archive-refusals';

/** Text with many similar rows is packed to a tenth of its size or more, and a bomb to a thousandth. */
const MAX_RATIO = 200;
const ALWAYS_ALLOWED = 67_108_864;
const DAMAGED = /^(Z_\w+|ERR_.*)$/;

/** Unpacks an archive piece by piece. Refuses a decompression bomb as soon as it expands. */
export async function* unpackedPieces(
  packed: AsyncIterable<Buffer>,
  signal: AbortSignal,
): AsyncGenerator<Buffer> {
  const gunzip = createGunzip();
  const output = new PassThrough();
  const done = pipeline(packed, gunzip, output, { signal });
  done.catch(() => undefined);
  let size = 0;
  try {
    for await (const piece of output as AsyncIterable<Buffer>) {
      size += piece.length;
      // `bytesWritten` counts the packed bytes that were unpacked.
      if (size > ALWAYS_ALLOWED && size > MAX_RATIO * gunzip.bytesWritten)
        throw archiveTooLarge('it unpacks to far more than an export would. Import an archive unchanged.');
      yield piece;
    }
    await done;
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof DomainError) throw error;
    const { code = '' } = error as NodeJS.ErrnoException;
    throw DAMAGED.test(code) ? archiveDamaged('it cannot be unpacked.') : error;
  } finally {
    output.destroy();
    await done.catch(() => undefined);
  }
}
