import './require-node.mjs';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { buildStale } from './build-stale.mjs';
import { install } from './install.mjs';
import { runInForeground } from './processes.mjs';
import { buildable } from './projects.mjs';
import { scratchFolder } from './scratch.mjs';
import { ROOT } from './workspace.mjs';

// `npm test`: installs and builds if needed, then runs every test. Arguments are passed on to Jest.
try {
  await install();
  await buildStale(buildable('apps'));
  const startedAt = Date.now();
  // V8 settings, inherited by Jest's workers and the planes that they start:
  // - Optimising code that runs only for seconds takes a tenth of the CPU time, so optimisation starts later.
  // - V8's helper threads would take CPU time from other tests, so there are none.
  // - Garbage collections would take a tenth of a test's time, so the young generation is larger.
  const jest = [
    '--interrupt-budget=1000000',
    '--single-threaded',
    '--min-semi-space-size=32',
    '--max-semi-space-size=64',
    join(ROOT, 'node_modules/.bin/jest'),
    '--config',
    join(ROOT, 'jest.config.ts'),
  ];
  const results = join(ROOT, 'dist/test-results.json');
  const code = await runInForeground(
    [...jest, '--json', `--outputFile=${results}`, ...process.argv.slice(2)],
    { cwd: ROOT, env: { ...process.env, TMPDIR: scratchFolder() } },
  );
  const { numPassedTests, numFailedTests } = JSON.parse(readFileSync(results, 'utf8'));
  const summary = `${numPassedTests} passed, ${numFailedTests} failed`;
  writeFileSync(join(ROOT, 'dist/test-summary.txt'), `${summary}\n`);
  process.stderr.write(`\nThe tests took ${Math.round((Date.now() - startedAt) / 1000)} s.\n`);
  process.stdout.write(`${summary}\n`);
  process.exit(code);
} catch (error) {
  process.stderr.write(`\n${error.message}\n`);
  process.exit(1);
}
