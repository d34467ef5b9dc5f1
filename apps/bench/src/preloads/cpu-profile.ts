import { mkdirSync, writeFileSync } from 'node:fs';
import { Session } from 'node:inspector';
import { basename, dirname, join } from 'node:path';

const session = new Session();
let isRunning = false;

/**
 * The first SIGUSR1 starts a CPU profile, and the next one writes it to the folder in ATLAS_BENCH_PROFILES.
 * SIGUSR2 would terminate a plane that has not loaded this module.
 */
process.on('SIGUSR1', () => {
  if (isRunning) stop();
  else start();
  isRunning = !isRunning;
});

function start(): void {
  session.connect();
  session.post('Profiler.enable');
  session.post('Profiler.setSamplingInterval', { interval: 200 });
  session.post('Profiler.start');
}

function stop(): void {
  session.post('Profiler.stop', (_error, { profile }) => {
    const folder = process.env['ATLAS_BENCH_PROFILES'] ?? '.';
    const plane = basename(dirname(process.argv[1] ?? 'plane'));
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, `${plane}-${process.pid}-${Date.now()}.cpuprofile`), JSON.stringify(profile));
    session.disconnect();
  });
}
