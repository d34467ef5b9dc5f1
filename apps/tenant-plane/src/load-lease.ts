import 'reflect-metadata';
import { parseArgs } from 'node:util';
import { installationConfig } from './config/installation-config';
import { withInstalledPlane } from './installation/installed-plane';
import { loadLease } from './installation/load-lease';
import { runScript } from './installation/run-script';

/** Loads the lease in the file that `--file` names into the plane of this environment, and exits. */
runScript(async () => {
  const { values } = parseArgs({ options: { file: { type: 'string', default: '' } } });
  const config = installationConfig(process.env);
  const document = await withInstalledPlane(config, (plane) => loadLease(plane, values.file));
  return { document, isGood: true };
});
