import { createWriteStream, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { readBackup } from './backup-archive';
import { type BackupOpener } from './backup-cipher';
import { type BackupManifest, DATABASE_FILE } from './backup-manifest';
import { BackupRefused } from './backup-refused';
import { contentsOf } from './sqlite-copy';

/**
 * Checks all of a backup: that it decrypts, every checksum, and every table's number of rows. A SQLite
 * database is unpacked into a temporary folder for that. Throws {@link BackupRefused}.
 */
export async function verifyBackup(file: string, opener: BackupOpener): Promise<BackupManifest> {
  const folder = mkdtempSync(join(tmpdir(), 'atlas-verify-'));
  const unpacked = join(folder, DATABASE_FILE);
  try {
    const manifest = await readBackup(file, opener, async ({ name, content }) => {
      if (name === DATABASE_FILE)
        await pipeline(content, createWriteStream(unpacked, { flags: 'wx', mode: 0o600 }));
    });
    if (manifest.database.driver === 'sqlite') await requireContents(unpacked, manifest);
    return manifest;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Throws {@link BackupRefused} if the unpacked database is not what the manifest says. */
export async function requireContents(unpacked: string, { database }: BackupManifest): Promise<void> {
  if (JSON.stringify(await contentsOf(unpacked)) === JSON.stringify(database)) return;
  throw new BackupRefused('The database in the backup does not have the rows that its manifest names.');
}
