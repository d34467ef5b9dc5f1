import 'reflect-metadata';
import { parseArgs } from 'node:util';
import { installationConfig } from './config/installation-config';
import { rehearseOutage } from './installation/outage-rehearsal';
import { runScript } from './installation/run-script';

/** Cuts the link of the running plane for `--minutes`, or until a signal, and prints what happened. */
runScript(async () => {
  const { values } = parseArgs({ options: { minutes: { type: 'string', default: '' } } });
  const ended = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => ended.abort());
  const report = await rehearseOutage(installationConfig(process.env), Number(values.minutes), ended.signal);
  const isKept = report.capabilities.every(({ kept }) => kept !== false);
  return { document: report, isGood: report.was_cut && isKept && report.return_seconds !== null };
});
