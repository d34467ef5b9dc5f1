import { createWriteStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { DomainError } from '@atlas/platform';
import { archiveForeign, archiveTooLarge } from './archive-refusals';

const MAX_BYTES = 8 * 1024 ** 3;
/** The first bytes of a gzip file (RFC 1952). */
const GZIP = Buffer.from([0x1f, 0x8b]);

/**
 * An archive on this machine's disk while it is imported. The Control Plane never has it, and no other
 * replica needs it.
 */
export class Upload {
  private constructor(private readonly folder: string) {}

  /** Throws `upload_interrupted`, and `archive_foreign` if the first bytes show that this is no archive. */
  static async receive(body: Readable, signal: AbortSignal): Promise<Upload> {
    const upload = new Upload(await mkdtemp(join(tmpdir(), 'atlas-import-')));
    try {
      await pipeline(body, checked(), createWriteStream(upload.file, { mode: 0o600 }), { signal });
      return upload;
    } catch (error) {
      await upload.remove();
      if (isBreak(error)) throw uploadInterrupted();
      throw error;
    }
  }

  get file(): string {
    return join(this.folder, 'archive.tar.gz');
  }

  async remove(): Promise<void> {
    await rm(this.folder, { recursive: true, force: true });
  }
}

function checked(): Transform {
  let [bytes, first] = [0, Buffer.alloc(0)];
  return new Transform({
    transform(piece: Buffer, _encoding, done) {
      bytes += piece.length;
      if (first.length < GZIP.length) first = Buffer.concat([first, piece.subarray(0, GZIP.length)]);
      if (!GZIP.subarray(0, first.length).equals(first.subarray(0, GZIP.length))) done(archiveForeign());
      else if (bytes > MAX_BYTES) done(archiveTooLarge(`it has more than ${MAX_BYTES} bytes.`));
      else done(null, piece);
    },
    flush(done) {
      done(first.length < GZIP.length ? archiveForeign() : null);
    },
  });
}

function isBreak(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return code === 'ERR_STREAM_PREMATURE_CLOSE' || code === 'ECONNRESET';
}

function uploadInterrupted(): DomainError {
  return new DomainError(
    'upload_interrupted',
    'invalid',
    'The archive did not arrive completely. Import it again.',
  );
}
