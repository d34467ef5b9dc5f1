import { BackupRefused } from './backup-refused';

export const BACKUP_FORMAT = 'atlas-plane-backup/1';
/** The last file of the archive, because sizes and checksums are known only at the end. */
export const MANIFEST = 'manifest.json';
/** The SQLite database. */
export const DATABASE_FILE = 'database.sqlite';
/** The rows of a Postgres table, in COPY's text format, in parts: `rows/<table>/<n>`. */
export const ROWS = 'rows/';
/** The URLs of the Postgres database. Apart from the manifest, because they contain passwords. */
export const CONNECTION = 'connection.json';

/** A file of the archive, or all parts of a table. */
export interface BackedUpFile {
  readonly name: string;
  /** In bytes. */
  readonly size: number;
  readonly sha256: string;
}

export interface BackedUpTable {
  readonly rows: number;
  /** In the order in which the archive contains them. */
  readonly columns: readonly string[];
}

/** A sequence of Postgres. */
interface BackedUpSequence {
  readonly name: string;
  readonly last: string;
}

/** A file of the plane's folder. */
export interface BackedUpPath {
  /** The file of the archive. */
  readonly name: string;
  /** Relative to the folder into which a restore puts it. */
  readonly path: string;
  readonly mode: number;
}

export interface BackedUpDatabase {
  readonly driver: 'postgres' | 'sqlite';
  /** The names of the migrations, oldest first. */
  readonly migrations: readonly string[];
  readonly tables: Readonly<Record<string, BackedUpTable>>;
  readonly sequences: readonly BackedUpSequence[];
}

/** What the archive is, and what must be in it. Contains no secrets. */
export interface BackupManifest {
  readonly format: string;
  readonly id: string;
  /** When the backup was made. A restored plane's trusted time starts no earlier. */
  readonly created_at: string;
  readonly version: string;
  readonly tenant_plane_id: string | null;
  readonly instance_id: string;
  readonly incarnation: string | null;
  readonly deployment_model: string | null;
  readonly database: BackedUpDatabase;
  readonly files: readonly BackedUpFile[];
  readonly folder: readonly BackedUpPath[];
}

/** Throws {@link BackupRefused}. */
export function parseManifest(text: string): BackupManifest {
  const manifest = JSON.parse(text) as BackupManifest;
  if (manifest.format !== BACKUP_FORMAT)
    throw new BackupRefused(
      `The backup has the format "${manifest.format}", but this version reads only "${BACKUP_FORMAT}". Use ` +
        'the version of atlas-tp that made it, or a newer one.',
    );
  return manifest;
}
