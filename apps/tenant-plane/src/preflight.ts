import 'reflect-metadata';
import { preflight } from './installation/preflight';
import { runScript } from './installation/run-script';

/** Checks the environment that a plane would start with, and exits. */
runScript(async () => {
  const report = await preflight(process.env);
  return { document: report, isGood: report.ok };
});
