import { type Hash, createHash, randomBytes } from 'node:crypto';
import {
  closeSync,
  createReadStream,
  createWriteStream,
  existsSync,
  linkSync,
  openSync,
  renameSync,
  rmSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { Readable, pipeline } from 'node:stream';
import { pipeline as pipelined } from 'node:stream/promises';
import { createGunzip, createGzip } from 'node:zlib';
import { TAR_BLOCK, tarHeader, tarPadding } from '../archives/tar-format';
import { TarReader, drained } from '../archives/tar-reader';
import { type BackupKey, type BackupOpener, decrypted, encrypted, requireUsable } from './backup-cipher';
import { type BackedUpFile, type BackupManifest, MANIFEST, ROWS, parseManifest } from './backup-manifest';
import { BackupRefused } from './backup-refused';
import { withUnfinished } from './unfinished';

const MAX_MANIFEST = 64 * 1024 * 1024;
const NEWLINE = '\n'.charCodeAt(0);

/** A file on its way into an archive. */
export interface AddedFile {
  readonly name: string;
  /** In bytes. */
  readonly size: number;
  readonly content: Iterable<Buffer> | AsyncIterable<Buffer>;
}

/** A file on its way out of an archive. */
export interface ReadFile {
  readonly name: string;
  readonly content: AsyncIterable<Buffer>;
}

/**
 * Writes an encrypted archive: an age file that contains a `.tar.gz`. It is written under another name, and
 * gets its own only once it is complete and on the disk. `manifestOf` is called after the last file.
 * Throws {@link BackupRefused} if `file` exists.
 */
export async function writeBackup(
  file: string,
  key: BackupKey,
  files: AsyncIterable<AddedFile>,
  manifestOf: (sums: Sums) => BackupManifest,
): Promise<BackupManifest> {
  requireAbsent(file);
  requireUsable(key);
  const draft = join(dirname(file), `.${basename(file)}.${randomBytes(4).toString('hex')}.part`);
  const sums = new Sums();
  let manifest: BackupManifest | undefined;
  async function* all(): AsyncGenerator<AddedFile> {
    for await (const added of files) yield { ...added, content: sums.watch(added.name, added.content) };
    manifest = manifestOf(sums);
    const text = Buffer.from(`${JSON.stringify(manifest, null, 2)}\n`);
    yield { name: MANIFEST, size: text.length, content: [text] };
  }
  await withUnfinished([draft], async () => {
    await pipelined(
      Readable.from(tarOf(all())),
      createGzip(),
      (packed: AsyncIterable<Buffer>) => encrypted(packed, key),
      createWriteStream(draft, { flags: 'wx', mode: 0o600, flush: true }),
    );
    publish(draft, file);
  });
  return manifest as BackupManifest;
}

/** Throws {@link BackupRefused} if the file exists. */
export function requireAbsent(file: string): void {
  if (existsSync(file)) throw new BackupRefused(`${file} already exists. Choose another name.`);
}

/**
 * Reads an archive, and checks every file against the manifest. `visit` gets each file before that check, so
 * it may keep nothing until this function returns. Throws {@link BackupRefused}.
 */
export async function readBackup(
  file: string,
  opener: BackupOpener,
  visit: (read: ReadFile) => Promise<void>,
): Promise<BackupManifest> {
  const sums = new Sums();
  let manifest: BackupManifest | undefined;
  try {
    for await (const { name, size, content } of new TarReader(unpacked(file, opener)).files()) {
      if (manifest) throw new Error('it continues after its manifest');
      if (name === MANIFEST) manifest = parseManifest(await textOf(content, size));
      else {
        const watched = sums.watch(name, content);
        await visit({ name, content: watched });
        await drained(watched);
      }
    }
    if (!manifest) throw new Error('it has no manifest');
    requireEqual(manifest, sums);
  } catch (error) {
    throw readingFailure(file, error as NodeJS.ErrnoException);
  }
  return manifest;
}

/** A failure of a disk or of Postgres is not the archive's. */
function readingFailure(file: string, error: NodeJS.ErrnoException & { severity?: string }): Error {
  if (error instanceof BackupRefused || error.syscall !== undefined || error.severity !== undefined)
    return error;
  return new BackupRefused(
    `${file} is truncated or damaged (${error.message}). Nothing was changed. Use another backup.`,
  );
}

async function* unpacked(file: string, opener: BackupOpener): AsyncGenerator<Buffer> {
  const source = createReadStream(file);
  const gunzip = createGunzip();
  // The error reaches the reader of `gunzip`.
  pipeline(Readable.from(decrypted(source, opener)), gunzip, () => source.destroy());
  yield* gunzip as AsyncIterable<Buffer>;
}

async function* tarOf(files: AsyncIterable<AddedFile>): AsyncGenerator<Buffer> {
  const now = new Date();
  for await (const { name, size, content } of files) {
    yield tarHeader({ name, size }, now);
    let written = 0;
    for await (const chunk of content) {
      written += chunk.length;
      yield chunk;
    }
    if (written !== size) throw new BackupRefused(`${name} changed while it was read. Try again.`);
    yield Buffer.alloc(tarPadding(size));
  }
  yield Buffer.alloc(2 * TAR_BLOCK);
}

/** What a disk without hard links answers, such as FAT, exFAT and many network shares. */
const NO_LINKS = ['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EINVAL', 'EACCES', 'EMLINK'];

/** Never replaces a file that has appeared in the meantime, such as another backup's. */
function publish(draft: string, file: string): void {
  try {
    linkSync(draft, file);
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    if (NO_LINKS.includes(code)) return publishWithoutLink(draft, file);
    requireAbsentUnless(error, file);
  }
}

/** Takes the name with an empty file, so that the rename replaces no other one. */
function publishWithoutLink(draft: string, file: string): void {
  try {
    closeSync(openSync(file, 'wx', 0o600));
  } catch (error) {
    requireAbsentUnless(error, file);
  }
  try {
    renameSync(draft, file);
  } catch (error) {
    rmSync(file, { force: true });
    throw error;
  }
}

function requireAbsentUnless(error: unknown, file: string): never {
  if ((error as NodeJS.ErrnoException).code === 'EEXIST') requireAbsent(file);
  throw error;
}

async function textOf(content: AsyncIterable<Buffer>, size: number): Promise<string> {
  if (size > MAX_MANIFEST) throw new Error('its manifest is too large');
  const chunks: Buffer[] = [];
  for await (const chunk of content) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

function requireEqual({ files, database }: BackupManifest, sums: Sums): void {
  const found = new Map(sums.files().map((one) => [one.name, one]));
  for (const { name, size, sha256 } of files) {
    const one = found.get(name);
    if (one?.size !== size || one.sha256 !== sha256) throw new Error(`${name} is not what was backed up`);
  }
  if (found.size !== files.length) throw new Error('it contains files that its manifest does not name');
  if (database.driver === 'sqlite') return;
  for (const [table, { rows }] of Object.entries(database.tables))
    if (sums.rowsOf(table) !== rows) throw new Error(`${table} does not have ${rows} rows`);
}

interface Sum {
  readonly hash: Hash;
  size: number;
  /** How many lines the content has. */
  lines: number;
}

/** The sizes and checksums of an archive's files. The parts of a table count as one file. */
export class Sums {
  private readonly byName = new Map<string, Sum>();

  async *watch(name: string, content: AddedFile['content']): AsyncGenerator<Buffer> {
    const sum = this.sumOf(name);
    for await (const chunk of content) {
      sum.hash.update(chunk);
      sum.size += chunk.length;
      if (name.startsWith(ROWS)) sum.lines += linesIn(chunk);
      yield chunk;
    }
  }

  files(): BackedUpFile[] {
    return [...this.byName].map(([name, { size, hash }]) => ({
      name,
      size,
      sha256: hash.copy().digest('hex'),
    }));
  }

  rowsOf(table: string): number {
    return this.byName.get(`${ROWS}${table}`)?.lines ?? 0;
  }

  private sumOf(name: string): Sum {
    const whole = name.startsWith(ROWS) ? name.slice(0, name.lastIndexOf('/')) : name;
    const known = this.byName.get(whole) ?? { hash: createHash('sha256'), size: 0, lines: 0 };
    this.byName.set(whole, known);
    return known;
  }
}

/** COPY writes each row on a line of its own, and escapes line feeds within it. */
function linesIn(chunk: Buffer): number {
  let lines = 0;
  for (let at = chunk.indexOf(NEWLINE); at >= 0; at = chunk.indexOf(NEWLINE, at + 1)) lines += 1;
  return lines;
}
