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
import { TAR_BLOCK, tarHeader, tarPadding } from './tar-format';

/** How much text is compressed at a time. */
const BLOCK_BYTES = 1_048_576;
const pack = promisify(gzip);

/** Stores a part of the archive. The archive consists of all parts in the order of their numbers. */
export type StorePart = (number: number, content: Buffer) => Promise<void>;

/**
 * Writes an archive in one pass, in bounded memory and without a temporary file. Each part is a complete gzip
 * member, and a gzip file is any number of members (RFC 1952, section 2.2). So the number of a part can be
 * reserved for a tar header, or for the manifest, whose content is known only later.
 */
export class ArchiveWriter {
  /** The first part is the manifest. */
  private next = 1;
  private bytes = 0;
  private readonly tables: ArchiveTable[] = [];
  /** The part that is being compressed and stored while the next one is read. */
  private pending: Promise<void> = Promise.resolve();

  constructor(
    private readonly store: StorePart,
    private readonly origin: ArchiveOrigin,
  ) {}

  /** Adds a table. `pages` are lines of NDJSON. */
  async add(
    name: string,
    columns: readonly string[],
    pages: AsyncIterable<readonly string[]>,
  ): Promise<void> {
    const header = this.reserve();
    const hash = createHash('sha256');
    let [rows, size, block, length] = [0, 0, <Buffer[]>[], 0];
    for await (const lines of pages) {
      const text = Buffer.from(lines.join(''));
      hash.update(text);
      rows += lines.length;
      size += text.length;
      length += text.length;
      block.push(text);
      if (length < BLOCK_BYTES) continue;
      await this.put(this.reserve(), block);
      [block, length] = [[], 0];
    }
    const padding = Buffer.alloc(tarPadding(size));
    if (length + padding.length > 0) await this.put(this.reserve(), [...block, padding]);
    const file = fileOf(name);
    await this.put(header, [this.headerOf(file, size)]);
    this.tables.push({ name, file, columns, rows, bytes: size, sha256: hash.digest('hex') });
  }

  /** Returns the size of the archive. */
  async finish(): Promise<{ readonly bytes: number; readonly rows: number }> {
    const document = { format: ARCHIVE_FORMAT, version: ARCHIVE_VERSION, ...this.origin };
    const manifest = Buffer.from(`${JSON.stringify({ ...document, tables: this.tables }, null, 2)}\n`);
    const header = this.headerOf(MANIFEST_FILE, manifest.length);
    await this.put(0, [header, manifest, Buffer.alloc(tarPadding(manifest.length))]);
    await this.put(this.reserve(), [Buffer.alloc(2 * TAR_BLOCK)]);
    await this.pending;
    return { bytes: this.bytes, rows: this.tables.reduce((sum, { rows }) => sum + rows, 0) };
  }

  private headerOf(name: string, size: number): Buffer {
    return tarHeader({ name, size }, new Date(this.origin.exported_at));
  }

  private reserve(): number {
    const number = this.next;
    this.next += 1;
    return number;
  }

  private async put(number: number, block: readonly Buffer[]): Promise<void> {
    await this.pending;
    this.pending = this.packAndStore(number, block);
    // A failure is thrown by the next call that waits for this part.
    this.pending.catch(() => undefined);
  }

  private async packAndStore(number: number, block: readonly Buffer[]): Promise<void> {
    const content = await pack(Buffer.concat(block));
    this.bytes += content.length;
    await this.store(number, content);
  }
}
