const { existsSync, readdirSync, statSync } = require('node:fs');
const { join } = require('node:path');
const { default: Sequencer } = require('@jest/test-sequencer');

/** Where a suite starts real processes: it takes longest, and would be the last one running if it began late. */
const STARTS_PROCESSES = /\/apps\/(qa|e2e)\/|\/stack[^/]*\.spec\.ts$/;

/**
 * The long ones first, by what there is to read of them: the same order on a machine that never ran them, where jest
 * would begin last with the suites that only gather the cases of a folder.
 */
module.exports = class LongestFirst extends Sequencer {
  sort(tests) {
    const weighed = tests.map((test) => ({ test, weight: weightOf(test.path) }));
    return weighed.sort((a, b) => b.weight - a.weight).map(({ test }) => test);
  }
};

function weightOf(path) {
  const cases = path.replace(/\.spec\.ts$/, '');
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
