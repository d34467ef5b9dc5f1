const { default: Sequencer } = require('@jest/test-sequencer');

/** Where a suite starts real processes: it takes longest, and would be the last one running if it began late. */
const STARTS_PROCESSES = /\/apps\/(qa|e2e)\/|\/stack[^/]*\.spec\.ts$/;

/** As jest does it (by the durations it remembers, else by size), but on a machine without memory the long ones first. */
module.exports = class LongestFirst extends Sequencer {
  sort(tests) {
    const sorted = super.sort(tests);
    if (tests.some((test) => test.duration !== undefined)) return sorted;
    const isLong = (test) => STARTS_PROCESSES.test(test.path);
    return [...sorted.filter(isLong), ...sorted.filter((test) => !isLong(test))];
  }
};
