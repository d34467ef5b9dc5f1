import { availableParallelism } from 'node:os';
import type { Config } from 'jest';

const config: Config = {
  // Processes and databases of their own, which also wait for each other: one more than there are cores, but not a crowd.
  maxWorkers: Math.min(availableParallelism() + 1, 8),
  testSequencer: '<rootDir>/libs/testing/jest/longest-first.cjs',
  projects: ['<rootDir>/apps/*/jest.config.cjs', '<rootDir>/libs/*/jest.config.cjs'],
};

export default config;
