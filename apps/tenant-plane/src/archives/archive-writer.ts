import { createHash } from 'node:crypto';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import {
  ARCHIVE_FORMAT,
  ARCHIVE_VERSION,
  type ArchiveOrigin,
  type ArchiveTable,
  MANIFEST_FILE,
  fileOf,
} from './archive-manifest';
import { type Lines } from './exported-rows';
import { TAR_BLOCK, tarHeader, tarPadding } from './tar-format';

/** How much text is compressed at a time. */
const BLOCK_BYTES = 2_097_152;
/** How many parts are compressed and stored while the next one is read. They are stored one at a time. */
const MAX_PENDING = 3;
/** A part fits in here when packed. Otherwise, packing would wait for the main thread after each 16 KiB. */
const PACKING = { chunkSize: 1_048_576 };
const pack = promisify(gzip);

/** Stores a part of the archive. The archive consists of all parts in the order of their numbers. */
export type StorePart = (number: number, content: Buffer) => Promise<void>;

/**
 * Writes an archive in one pass, in bounded memory and without a temporary file. Each part is a complete gzip
 * member, and a gzip file is any number of members (RFC 1952, section 2.2). So the number of a part can be
 * reserved for the tar header of a large table, or for the manifest, whose content is known only later. Small
 * tables share a part.
 */
export class ArchiveWriter {
  /** The first part is the manifest. */
  private next = 1;
  private bytes = 0;
  private readonly tables: ArchiveTable[] = [];
  /** Small tables that are complete but not yet stored. */
  private small = new Block();
  /** The parts that are being compressed and stored, the oldest first. Each waits for the one before it. */
  private readonly pending: Promise<void>[] = [];

  constructor(
    private readonly store: StorePart,
    private readonly origin: ArchiveOrigin,
  ) {}

  /** Adds a table. */
  async add(name: string, columns: readonly string[], pages: AsyncIterable<Lines>): Promise<void> {
    const hash = createHash('sha256');
    let [rows, size, block] = [0, 0, new Block()];
    let header: number | undefined;
    for await (const { rows: count, bytes } of pages) {
      hash.update(bytes);
      rows += count;
      size += bytes.length;
      block.add(bytes);
      if (!block.isFull) continue;
      header ??= await this.beginLarge();
      await this.put(this.reserve(), block);
      block = new Block();
    }
    block.add(Buffer.alloc(tarPadding(size)));
    const file = fileOf(name);
    if (header === undefined) await this.addSmall(this.headerOf(file, size), block);
    else {
      await this.put(this.reserve(), block);
      await this.put(header, new Block(this.headerOf(file, size)));
    }
    this.tables.push({ name, file, columns, rows, bytes: size, sha256: hash.digest('hex') });
  }

  /** Returns the size of the archive. */
  async finish(): Promise<{ readonly bytes: number; readonly rows: number }> {
    const document = { format: ARCHIVE_FORMAT, version: ARCHIVE_VERSION, ...this.origin };
    const manifest = Buffer.from(`${JSON.stringify({ ...document, tables: this.tables }, null, 2)}\n`);
    const header = this.headerOf(MANIFEST_FILE, manifest.length);
    await this.put(0, new Block(header, manifest, Buffer.alloc(tarPadding(manifest.length))));
    this.small.add(Buffer.alloc(2 * TAR_BLOCK));
    await this.storeSmall();
    for (const stored of this.pending) await stored;
    return { bytes: this.bytes, rows: this.tables.reduce((sum, { rows }) => sum + rows, 0) };
  }

  private async addSmall(header: Buffer, content: Block): Promise<void> {
    this.small.add(header, ...content.pieces);
    if (this.small.isFull) await this.storeSmall();
  }

  /** Reserves the part with the table's header. */
  private async beginLarge(): Promise<number> {
    await this.storeSmall();
    return this.reserve();
  }

  private async storeSmall(): Promise<void> {
    if (this.small.pieces.length > 0) await this.put(this.reserve(), this.small);
    this.small = new Block();
  }

  private headerOf(name: string, size: number): Buffer {
    return tarHeader({ name, size }, new Date(this.origin.exported_at));
  }

  private reserve(): number {
    const number = this.next;
    this.next += 1;
    return number;
  }

  private async put(number: number, block: Block): Promise<void> {
    if (this.pending.length === MAX_PENDING) await this.pending.shift();
    const stored = this.packAndStore(number, block, this.pending.at(-1));
    // A failure is thrown by a later call, which waits for this part.
    stored.catch(() => undefined);
    this.pending.push(stored);
  }

  private async packAndStore(number: number, { pieces }: Block, before?: Promise<void>): Promise<void> {
    const content = await pack(Buffer.concat(pieces), PACKING);
    await before;
    this.bytes += content.length;
    await this.store(number, content);
  }
}

/** Bytes that are compressed together. */
class Block {
  readonly pieces: Buffer[] = [];
  private length = 0;

  constructor(...pieces: readonly Buffer[]) {
    this.add(...pieces);
  }

  get isFull(): boolean {
    return this.length >= BLOCK_BYTES;
  }

  add(...pieces: readonly Buffer[]): void {
    this.pieces.push(...pieces);
    for (const piece of pieces) this.length += piece.length;
  }
}
