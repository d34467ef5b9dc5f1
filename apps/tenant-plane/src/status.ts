import 'reflect-metadata';
import { parseEnvironment } from '@atlas/platform';
import { TenantPlaneConfig } from './config/tenant-plane.config';
import { readPlaneRecord } from './installation/plane-record';
import { planeStatus } from './installation/plane-status';
import { runScript } from './installation/run-script';

/** Prints what the plane of this environment knows about itself, whether or not it is running, and exits. */
runScript(async () => {
  const config = parseEnvironment(TenantPlaneConfig, process.env);
  return { document: planeStatus(config, await readPlaneRecord(config)), isGood: true };
});
