import { createHash } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { type DomainError } from '@atlas/platform';
import { type PortableRow } from '../portability/row-codec';
import {
  ARCHIVE_FORMAT,
  ARCHIVE_VERSION,
  type ArchiveManifest,
  type ArchiveTable,
  MANIFEST_FILE,
  fileOf,
} from './archive-manifest';
import { archiveDamaged, archiveForeign, archiveTooNew, rowsRefused } from './archive-refusals';
import { type ExportedRows, lineOf } from './exported-rows';
import { linesIn } from './ndjson-lines';
import { isStorable } from './storable-rows';
import { type TarFile, TarReader, drained } from './tar-reader';
import { isRecord } from './value-checks';

const MAX_MANIFEST = 1_048_576;
const MAX_ROWS_A_PAGE = 500;
const MAX_BYTES_A_PAGE = 1_048_576;
const SHA256 = /^[0-9a-f]{64}$/;
/** The names of tables and columns, and the IDs and slugs of tenants. */
const NAME = /^[a-z0-9_-]{1,100}$/;
/** As exports write it. */
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

export interface ArchiveRows {
  readonly rows: ExportedRows;
  readonly table: ArchiveTable;
  /** Read all of them before the next table. */
  readonly pages: AsyncGenerator<PortableRow[]>;
}

/**
 * Reads an archive from its first byte to its last. It must have exactly the form in which it was written:
 * the manifest, then the files that the manifest lists, in that order. Each file must have the size, the
 * count and the SHA-256 that the manifest states.
 */
export class ArchiveReader {
  private constructor(
    readonly manifest: ArchiveManifest,
    private readonly files: AsyncGenerator<TarFile>,
    private readonly known: readonly ExportedRows[],
  ) {}

  /** Reads the manifest. `pieces` are the unpacked archive. */
  static async open(pieces: AsyncIterable<Buffer>, known: readonly ExportedRows[]): Promise<ArchiveReader> {
    const files = new TarReader(pieces).files();
    const { value: first } = (await files.next()) as IteratorResult<TarFile, undefined>;
    if (first?.name !== MANIFEST_FILE || first.size > MAX_MANIFEST) throw archiveForeign();
    const bytes: Buffer[] = [];
    for await (const piece of first.content) bytes.push(piece);
    const manifest = manifestFrom(Buffer.concat(bytes).toString('utf8'));
    requireKnown(manifest, known);
    return new ArchiveReader(manifest, files, known);
  }

  /** Throws `archive_damaged` at the first difference from the manifest. */
  async *tables(): AsyncGenerator<ArchiveRows> {
    for (const table of this.manifest.tables) {
      const { value: file } = (await this.files.next()) as IteratorResult<TarFile, undefined>;
      if (file?.name !== table.file) throw archiveDamaged(`the file ${table.file} is missing.`);
      if (file.size !== table.bytes) throw archiveDamaged(`${table.file} has another size.`);
      const rows = this.known.find(({ codec }) => codec.table === table.name);
      if (!rows) throw archiveTooNew(`the table ${table.name}`);
      const pages = pagesIn(file, table, importable(rows, table));
      yield { rows, table, pages };
      await drained(pages);
    }
    const { done } = await this.files.next();
    if (done !== true) throw archiveDamaged('it contains a file that its manifest does not list.');
  }
}

type RowCheck = (row: PortableRow) => boolean;

function importable({ codec, accepts }: ExportedRows, { columns }: ArchiveTable): RowCheck {
  const stored = codec.columns.filter(({ databaseName }) => columns.includes(databaseName));
  return (row) => isStorable(row, stored) && accepts(row);
}

async function* pagesIn(
  { content }: TarFile,
  table: ArchiveTable,
  isImportable: RowCheck,
): AsyncGenerator<PortableRow[]> {
  const hash = createHash('sha256');
  let [count, bytes, page] = [0, 0, <PortableRow[]>[]];
  for await (const line of linesIn(hashed(content, hash))) {
    count += 1;
    bytes += line.length;
    page.push(rowFrom(line, table, isImportable));
    if (page.length < MAX_ROWS_A_PAGE && bytes < MAX_BYTES_A_PAGE) continue;
    yield page;
    [bytes, page] = [0, []];
  }
  if (page.length > 0) yield page;
  if (count !== table.rows) throw archiveDamaged(`${table.file} does not have ${table.rows} rows.`);
  if (hash.digest('hex') !== table.sha256) throw archiveDamaged(`${table.file} has another SHA-256.`);
}

async function* hashed(
  content: AsyncIterable<Buffer>,
  hash: ReturnType<typeof createHash>,
): AsyncGenerator<Buffer> {
  for await (const piece of content) {
    hash.update(piece);
    yield piece;
  }
}

/** A row must be written exactly as an export writes it, so that it can be compared after it was stored. */
function rowFrom(line: Buffer, { name, file, columns }: ArchiveTable, isImportable: RowCheck): PortableRow {
  const text = line.toString('utf8');
  const row = parsedJson(text, `${file} contains a line that is not JSON.`);
  if (!isRecord(row) || !isDeepStrictEqual(Object.keys(row), columns)) throw notExported(file);
  // Before the row is written as a line, which fails if it is nested too deeply.
  if (!isImportable(row)) throw rowsRefused(name);
  if (lineOf(row) !== `${text}\n`) throw notExported(file);
  return row;
}

function notExported(file: string): DomainError {
  return archiveDamaged(`${file} contains a row that was not written by an export.`);
}

function manifestFrom(text: string): ArchiveManifest {
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch {
    throw archiveForeign();
  }
  if (!isRecord(document) || document['format'] !== ARCHIVE_FORMAT) throw archiveForeign();
  if (document['version'] !== ARCHIVE_VERSION) throw archiveTooNew('another version of the format');
  if (!isManifest(document)) throw archiveDamaged('its manifest is incomplete.');
  return document;
}

function requireKnown({ tables }: ArchiveManifest, known: readonly ExportedRows[]): void {
  const order = tables.map(({ name, columns }) => {
    const at = known.findIndex(({ codec }) => codec.table === name);
    const here = known[at];
    if (!here) throw archiveTooNew(`the table ${name}`);
    const unknown = columns.find((column) => !here.columns.includes(column));
    if (unknown !== undefined) throw archiveTooNew(`the column ${name}.${unknown}`);
    if (here.codec.keys.some(({ databaseName }) => !columns.includes(databaseName)))
      throw archiveDamaged(`its manifest lacks a column of ${name}.`);
    return at;
  });
  if (order.some((at, index) => at <= (order[index - 1] ?? -1)))
    throw archiveDamaged('its manifest lists a table twice, or in another order.');
}

function isManifest(document: unknown): document is ArchiveManifest {
  if (!isRecord(document) || !isMatch(TIME, document['exported_at'])) return false;
  const { tenant, tables } = document;
  if (!isRecord(tenant) || !isMatch(NAME, tenant['id']) || !isMatch(NAME, tenant['slug'])) return false;
  return Array.isArray(tables) && tables.every(isTable);
}

function isTable(table: unknown): table is ArchiveTable {
  if (!isRecord(table)) return false;
  const { name, file, columns, rows, bytes, sha256 } = table;
  return (
    isMatch(NAME, name) &&
    file === fileOf(name) &&
    Array.isArray(columns) &&
    columns.every((column) => isMatch(NAME, column)) &&
    isDeepStrictEqual(columns, [...new Set(columns)].sort()) &&
    isCount(rows) &&
    isCount(bytes) &&
    isMatch(SHA256, sha256)
  );
}

function isMatch(pattern: RegExp, value: unknown): value is string {
  return typeof value === 'string' && pattern.test(value);
}

function isCount(value: unknown): boolean {
  return Number.isSafeInteger(value) && Number(value) >= 0;
}

function parsedJson(text: string, fault: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw archiveDamaged(fault);
  }
}
