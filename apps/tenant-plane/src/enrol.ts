import 'reflect-metadata';
import { parseArgs } from 'node:util';
import { installationConfig } from './config/installation-config';
import { applyAnswer, writeRequest } from './installation/enrol-offline';
import { enrolOnce } from './installation/enrol-once';
import { withInstalledPlane } from './installation/installed-plane';
import { readPlaneRecord } from './installation/plane-record';
import { planeStatus } from './installation/plane-status';
import { runScript } from './installation/run-script';

/**
 * Enrols the plane of this environment, online or with the files that `--request` and `--answer` name, and
 * exits.
 */
runScript(async () => {
  const { values } = parseArgs({ options: { request: { type: 'string' }, answer: { type: 'string' } } });
  const { request, answer } = values;
  const config = installationConfig(process.env);
  const isByCall = request === undefined && answer === undefined;
  const known = isByCall ? await readPlaneRecord(config) : null;
  // The plane is already enrolled, so a SQLite file that the running plane has locked need not be opened.
  if (known?.identity?.tenantPlaneId) return { document: planeStatus(config, known), isGood: true };
  await withInstalledPlane(config, async (plane) => {
    if (request !== undefined) await writeRequest(plane, request);
    else if (answer !== undefined) await applyAnswer(plane, answer);
    else await enrolOnce(plane);
  });
  return { document: planeStatus(config, await readPlaneRecord(config)), isGood: true };
});
