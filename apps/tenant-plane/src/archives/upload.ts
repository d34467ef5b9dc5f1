import { type FileHandle, mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Readable, Transform, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { DomainError } from '@atlas/platform';
import { archiveForeign, archiveTooLarge } from './archive-refusals';

const MAX_BYTES = 8 * 1024 ** 3;
const PIECE = 262_144;
/** The first bytes of a gzip file (RFC 1952). */
const GZIP = Buffer.from([0x1f, 0x8b]);
const BREAKS = ['ABORT_ERR', 'ECONNRESET', 'ERR_STREAM_PREMATURE_CLOSE'];

/**
 * An archive on this machine's disk while it is imported. The Control Plane never has it, and no other
 * replica needs it. The file has no name, so it disappears with the process, even if that is killed.
 */
export class Upload {
  private constructor(private readonly file: FileHandle) {}

  /**
   * Throws `upload_interrupted`, `upload_storage_full`, `archive_foreign` if the first bytes show that this is
   * no archive, and the reason of `signal` if it is a refusal.
   */
  static async receive(body: Readable, signal: AbortSignal): Promise<Upload> {
    const upload = new Upload(await unnamedFile());
    try {
      await pipeline(body, checked(), upload.writer(), { signal });
      return upload;
    } catch (error) {
      await upload.remove();
      throw signal.reason instanceof DomainError ? signal.reason : refusalOf(error);
    }
  }

  /** Reads the archive from its start. */
  async *read(): AsyncGenerator<Buffer> {
    for (let position = 0; ;) {
      const { bytesRead, buffer } = await this.file.read(Buffer.alloc(PIECE), 0, PIECE, position);
      if (bytesRead === 0) return;
      position += bytesRead;
      yield buffer.subarray(0, bytesRead);
    }
  }

  async remove(): Promise<void> {
    await this.file.close();
  }

  private writer(): Writable {
    return new Writable({
      write: (piece: Buffer, _encoding, done) => {
        this.file.appendFile(piece).then(() => done(), done);
      },
    });
  }
}

async function unnamedFile(): Promise<FileHandle> {
  const folder = await mkdtemp(join(tmpdir(), 'atlas-import-'));
  try {
    return await open(join(folder, 'archive.tar.gz'), 'wx+', 0o600);
  } finally {
    await rm(folder, { recursive: true, force: true });
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

function refusalOf(error: unknown): unknown {
  const { code = '' } = error as NodeJS.ErrnoException;
  if (BREAKS.includes(code)) return uploadInterrupted();
  return code === 'ENOSPC' || code === 'EDQUOT' ? uploadStorageFull() : error;
}

function uploadStorageFull(): DomainError {
  return new DomainError(
    'upload_storage_full',
    'storage_full',
    "The disk for uploads is full, so nothing was imported. Free space in the plane's temporary folder.",
  );
}

function uploadInterrupted(): DomainError {
  return new DomainError(
    'upload_interrupted',
    'invalid',
    'The archive did not arrive completely. Import it again.',
  );
}
