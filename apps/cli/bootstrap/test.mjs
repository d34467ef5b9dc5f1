import './require-node.mjs';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { build, everyApp } from './build.mjs';
import { install } from './install.mjs';
import { runInForeground } from './processes.mjs';
import { scratchFolder } from './scratch.mjs';
import { ROOT } from './workspace.mjs';

/** A tenth of the processor's time goes into collecting what tests throw away, unless there is room for it. */
function testEnvironment() {
  const options = [process.env.NODE_OPTIONS, '--max-semi-space-size=64'].filter(Boolean).join(' ');
  return { ...process.env, NODE_OPTIONS: options, TMPDIR: scratchFolder() };
}

// `npm test`: installs and builds when needed, then runs every test. Arguments are those of jest.
try {
  await install();
  await build(everyApp());
  const startedAt = Date.now();
  // What runs for seconds is hardly worth optimising, and that takes a tenth of the processor's time: only what runs a
  // million bytes of code is. Threads that help V8 would take the processor from another test. Jest's workers inherit
  // both, and the planes that they start.
  const jest = [
    '--interrupt-budget=1000000',
    '--single-threaded',
    join(ROOT, 'node_modules/.bin/jest'),
    '--config',
    join(ROOT, 'jest.config.ts'),
  ];
  const results = join(ROOT, 'dist/test-results.json');
  const code = await runInForeground(
    [...jest, '--json', `--outputFile=${results}`, ...process.argv.slice(2)],
    { cwd: ROOT, env: testEnvironment() },
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
