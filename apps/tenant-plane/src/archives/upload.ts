import { type FileHandle } from 'node:fs/promises';
import { type Readable, Transform, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { DomainError } from '@atlas/platform';
import { unnamedFile } from '../portability/unnamed-file';
import { archiveForeign, archiveTooLarge } from './archive-refusals';
import { type UploadRoom } from './upload-room';

const MAX_BYTES = 8 * 1024 ** 3;
const PIECE = 262_144;
/** The first bytes of a gzip file (RFC 1952). */
const GZIP = Buffer.from([0x1f, 0x8b]);
const BREAKS = ['ABORT_ERR', 'ECONNRESET', 'ERR_STREAM_PREMATURE_CLOSE'];

/**
 * An archive on this machine's disk while it is imported. The Control Plane never has it, and no other
 * replica needs it.
 */
export class Upload {
  private bytes = 0;
  private constructor(
    private readonly file: FileHandle,
    private readonly room: UploadRoom,
  ) {}

  /**
   * Throws `upload_interrupted`, `upload_storage_full`, `uploads_busy`, `archive_foreign` if the first bytes
   * show that this is no archive, and the reason of `signal` if it is a refusal.
   */
  static async receive(body: Readable, room: UploadRoom, signal: AbortSignal): Promise<Upload> {
    const upload = new Upload(await unnamedFile('atlas-import-'), room);
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

  /** Does nothing if it is called again. */
  async remove(): Promise<void> {
    this.room.release(this.bytes);
    this.bytes = 0;
    await this.file.close();
  }

  private writer(): Writable {
    return new Writable({
      write: (piece: Buffer, _encoding, done) => {
        this.append(piece).then(() => done(), done);
      },
    });
  }

  private async append(piece: Buffer): Promise<void> {
    this.room.take(piece.length);
    this.bytes += piece.length;
    await this.file.appendFile(piece);
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
