import 'reflect-metadata';
import { parseArgs } from 'node:util';
import { runScript } from './installation/run-script';
import { openerOf } from './plane-backups/backup-arguments';
import { backupReport } from './plane-backups/backup-report';
import { restoreBackup } from './plane-backups/restore-backup';

/** Restores the backup that `--file` names into a new folder, and exits. */
runScript(async () => {
  const { values } = parseArgs({
    options: {
      file: { type: 'string', default: '' },
      to: { type: 'string', default: '' },
      'identity-file': { type: 'string' },
      'new-database': { type: 'boolean', default: false },
    },
  });
  const { file, to: folder, 'identity-file': identityFile, 'new-database': isNew } = values;
  const { TENANT_PLANE_DATABASE_URL: url = '', TENANT_PLANE_MIGRATION_DATABASE_URL: ownerUrl } = process.env;
  const { manifest, incarnation } = await restoreBackup({
    file,
    folder,
    opener: openerOf(identityFile, process.env),
    ...(isNew && { connection: { url, ...(ownerUrl && { ownerUrl }) } }),
  });
  return { document: { folder, incarnation, ...backupReport(file, manifest) }, isGood: true };
});
