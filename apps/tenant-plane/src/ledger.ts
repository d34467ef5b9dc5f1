import 'reflect-metadata';
import { parseArgs } from 'node:util';
import { parseEnvironment } from '@atlas/platform';
import { TenantPlaneConfig } from './config/tenant-plane.config';
import { readLedger } from './installation/plane-ledger';
import { runScript } from './installation/run-script';

/** Prints what has left the plane of this environment, whether or not it is running, and exits. */
runScript(async () => {
  const text = { type: 'string' } as const;
  const { values } = parseArgs({ options: { from: text, to: text, tenant: text } });
  const config = parseEnvironment(TenantPlaneConfig, process.env);
  return { document: await readLedger(config, values), isGood: true };
});
