import { pipeline } from 'node:stream/promises';
import { readBackup } from './backup-archive';
import { type BackupOpener } from './backup-cipher';
import { type BackupManifest, DATABASE_FILE } from './backup-manifest';
import { BackupRefused } from './backup-refused';
import { explainingNoSpace } from './no-space';
import { type Run, contentsOf } from './sqlite-copy';
import { withUnnamedDatabase } from './unnamed-database';

/**
 * Checks all of a backup: that it decrypts, every checksum, and every table's number of rows. A SQLite
 * database is unpacked into a temporary file without a name for that. Throws {@link BackupRefused}.
 */
export function verifyBackup(file: string, opener: BackupOpener): Promise<BackupManifest> {
  const advice = 'Free space in the temporary folder (TMPDIR), and verify the backup again.';
  return explainingNoSpace(advice, () =>
    withUnnamedDatabase(async (unpacked, run) => {
      const manifest = await readBackup(file, opener, async ({ name, content }) => {
        if (name === DATABASE_FILE) await pipeline(content, unpacked.createWriteStream());
      });
      if (manifest.database.driver === 'sqlite') await requireContents(run, manifest);
      return manifest;
    }),
  );
}

/** Throws {@link BackupRefused} if the unpacked database is not what the manifest says. */
export async function requireContents(unpacked: Run, { database }: BackupManifest): Promise<void> {
  if (JSON.stringify(await contentsOf(unpacked)) === JSON.stringify(database)) return;
  throw new BackupRefused('The database in the backup does not have the rows that its manifest names.');
}
