/** Archives of another format are refused. A later version may add tables and columns. */
export const ARCHIVE_FORMAT = 'atlas-tenant-export';
export const ARCHIVE_VERSION = 1;
/** The first file of an archive, so that an import knows what must follow. */
export const MANIFEST_FILE = 'manifest.json';

export interface ArchiveTable {
  readonly name: string;
  readonly file: string;
  readonly columns: readonly string[];
  readonly rows: number;
  /** The size of the file, unpacked. */
  readonly bytes: number;
  /** The SHA-256 of the file, unpacked, in hexadecimal digits. */
  readonly sha256: string;
}

export interface ArchiveOrigin {
  readonly exported_at: string;
  readonly product_version: string;
  readonly tenant: { readonly id: string; readonly slug: string; readonly name: string };
}

export interface ArchiveManifest extends ArchiveOrigin {
  readonly format: typeof ARCHIVE_FORMAT;
  readonly version: number;
  readonly tables: readonly ArchiveTable[];
}

export function fileOf(table: string): string {
  return `${table}.ndjson`;
}
