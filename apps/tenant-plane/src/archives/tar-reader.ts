import { archiveDamaged, archiveForeign } from './archive-refusals';
import { TAR_BLOCK, type TarHeader, parseTarHeader, tarPadding } from './tar-format';

/** After the last file, tar may fill its last record of 10 KiB with zeros. */
const MAX_TRAILER = 10_240;

export interface TarFile extends TarHeader {
  /** Read all of it before the next file. */
  readonly content: AsyncGenerator<Buffer>;
}

/** Reads the files of an unpacked tar archive one by one, holding no more than one piece in memory. */
export class TarReader {
  private rest: Buffer = Buffer.alloc(0);
  private readonly source: AsyncIterator<Buffer>;

  constructor(source: AsyncIterable<Buffer>) {
    this.source = source[Symbol.asyncIterator]();
  }

  /** Throws `archive_damaged` unless the archive is complete. */
  async *files(): AsyncGenerator<TarFile> {
    let isFirst = true;
    for (;;) {
      const header = parsed(await this.block(), isFirst);
      if (!header && isFirst) throw archiveForeign();
      if (!header) break;
      isFirst = false;
      const content = this.take(header.size);
      yield { ...header, content };
      // Anything that the caller has not read.
      await drained(content);
      for await (const piece of this.take(tarPadding(header.size))) requireZeros(piece);
    }
    requireZeros(await this.block());
    await this.requireEnd();
  }

  private async block(): Promise<Buffer> {
    const pieces: Buffer[] = [];
    for await (const piece of this.take(TAR_BLOCK)) pieces.push(piece);
    return Buffer.concat(pieces);
  }

  private async *take(size: number): AsyncGenerator<Buffer> {
    let missing = size;
    while (missing > 0) {
      if (this.rest.length === 0 && !(await this.more())) throw archiveDamaged('it is truncated.');
      const piece = this.rest.subarray(0, missing);
      this.rest = this.rest.subarray(piece.length);
      missing -= piece.length;
      yield piece;
    }
  }

  private async requireEnd(): Promise<void> {
    let trailer = 0;
    while (this.rest.length > 0 || (await this.more())) {
      requireZeros(this.rest);
      trailer += this.rest.length;
      if (trailer > MAX_TRAILER) throw archiveDamaged('it continues after its end.');
      this.rest = Buffer.alloc(0);
    }
  }

  private async more(): Promise<boolean> {
    const { value, done } = (await this.source.next()) as IteratorResult<Buffer, undefined>;
    if (done === true) return false;
    this.rest = value;
    return true;
  }
}

/** Reads the rest of `pieces`. */
export async function drained(pieces: AsyncIterator<unknown>): Promise<void> {
  while (!(await pieces.next()).done);
}

function parsed(block: Buffer, isFirst: boolean): TarHeader | null {
  try {
    return parseTarHeader(block);
  } catch (error) {
    throw isFirst ? archiveForeign() : archiveDamaged((error as Error).message);
  }
}

function requireZeros(bytes: Buffer): void {
  if (bytes.some((byte) => byte !== 0)) throw archiveDamaged('there is something between its files.');
}
