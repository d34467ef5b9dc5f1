import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * Keeps sealed parts on disk until they are sent, so that the database is read in one pass, at disk speed.
 */
export class Spool {
  private count = 0;
  private constructor(private readonly folder: string) {}

  static async open(): Promise<Spool> {
    return new Spool(await mkdtemp(join(tmpdir(), 'atlas-transfer-')));
  }

  /** Parts are numbered from 1. */
  async add(sealed: string): Promise<void> {
    await writeFile(this.fileOf((this.count += 1)), sealed, { mode: 0o600 });
  }

  get next(): number {
    return this.count + 1;
  }

  read(part: number): Promise<string> {
    return readFile(this.fileOf(part), 'utf8');
  }

  async close(): Promise<void> {
    await rm(this.folder, { recursive: true, force: true });
  }

  private fileOf(part: number): string {
    return join(this.folder, String(part));
  }
}
