import 'reflect-metadata';
import { parseArgs } from 'node:util';
import { parseEnvironment } from '@atlas/platform';
import { TenantPlaneConfig } from './config/tenant-plane.config';
import { runScript } from './installation/run-script';
import { backUp } from './plane-backups/back-up';
import { keyOf } from './plane-backups/backup-arguments';
import { backupReport } from './plane-backups/backup-report';

/** Backs up the plane of this environment, whether or not it is running, and exits. */
runScript(async () => {
  const { values } = parseArgs({
    options: {
      file: { type: 'string', default: '' },
      'env-file': { type: 'string' },
      include: { type: 'string', multiple: true, default: [] },
      recipient: { type: 'string', multiple: true, default: [] },
    },
  });
  const { file, include, recipient, 'env-file': envFile } = values;
  const config = parseEnvironment(TenantPlaneConfig, process.env);
  const order = { file, key: keyOf(recipient, process.env), folder: { envFile, include } };
  return { document: backupReport(file, await backUp(config, process.env, order)), isGood: true };
});
