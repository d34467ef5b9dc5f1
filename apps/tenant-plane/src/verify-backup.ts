import 'reflect-metadata';
import { parseArgs } from 'node:util';
import { runScript } from './installation/run-script';
import { openerOf } from './plane-backups/backup-arguments';
import { backupReport } from './plane-backups/backup-report';
import { verifyBackup } from './plane-backups/verify-backup';

/** Checks the backup that `--file` names, and exits. Needs no plane. */
runScript(async () => {
  const { values } = parseArgs({
    options: { file: { type: 'string', default: '' }, 'identity-file': { type: 'string' } },
  });
  const { file, 'identity-file': identityFile } = values;
  const manifest = await verifyBackup(file, openerOf(identityFile, process.env));
  return { document: { verified: true, ...backupReport(file, manifest) }, isGood: true };
});
