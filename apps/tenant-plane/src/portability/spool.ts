import { type FileHandle } from 'node:fs/promises';
import { unnamedFile } from './unnamed-file';

/**
 * Keeps sealed parts on disk until they are sent, so that the database is read in one pass, at disk speed.
 */
export class Spool {
  /** Where each part ends in the file. */
  private readonly ends = [0];
  private constructor(private readonly file: FileHandle) {}

  static async open(): Promise<Spool> {
    return new Spool(await unnamedFile('atlas-transfer-'));
  }

  /** Parts are numbered from 1. */
  async add(sealed: string): Promise<void> {
    await this.file.appendFile(sealed);
    this.ends.push(this.endOf(this.next - 1) + Buffer.byteLength(sealed));
  }

  get next(): number {
    return this.ends.length;
  }

  async read(part: number): Promise<string> {
    const from = this.endOf(part - 1);
    const length = this.endOf(part) - from;
    const { bytesRead, buffer } = await this.file.read(Buffer.alloc(length), 0, length, from);
    if (bytesRead !== length) throw new Error(`Part ${part} of the spool is incomplete.`);
    return buffer.toString();
  }

  async close(): Promise<void> {
    await this.file.close();
  }

  private endOf(part: number): number {
    return this.ends[part] ?? 0;
  }
}
