const { existsSync, readdirSync, statSync } = require('node:fs');
const { join } = require('node:path');
const { default: Sequencer } = require('@jest/test-sequencer');

/** Suites that start real processes take longest. If they started late, the run would wait for them. */
const STARTS_PROCESSES = /\/apps\/(qa|e2e)\/|\/stack[^/]*\.spec\.ts$/;

/**
 * Runs the longest suites first. Their length is estimated from the size of their sources, including the case
 * files that a suite loads. On a machine without timings of earlier runs, Jest would start the longest suites
 * last.
 */
module.exports = class LongestFirst extends Sequencer {
  sort(tests) {
    const weighed = tests.map((test) => ({ test, weight: weightOf(test.path) }));
    return weighed.sort((a, b) => b.weight - a.weight).map(({ test }) => test);
  }
};

function weightOf(path) {
  const cases = path.replace(/\.(spec|cases)\.ts$/, '');
  const size = sizeOf(path) + filesIn(cases).reduce((sum, file) => sum + sizeOf(file), 0);
  return STARTS_PROCESSES.test(path) ? size + 1e9 : size;
}

function sizeOf(file) {
  return statSync(file).size;
}

function filesIn(folder) {
  if (!existsSync(folder)) return [];
  const names = readdirSync(folder, { withFileTypes: true });
  return names.filter((entry) => entry.isFile()).map((entry) => join(folder, entry.name));
}
