/**
 * Seconds go by, and nothing else happens, while ts-node checks the types of this file (5107: it asks for a module
 * resolution that TypeScript has deprecated).
 *
 * @jest-config-loader-options {"transpileOnly": true, "ignoreDiagnostics": [5107]}
 */
import { availableParallelism } from 'node:os';
import type { Config } from 'jest';

const config: Config = {
  // Processes and databases of their own, which also wait for each other: one more than there are cores, but not a crowd.
  maxWorkers: Math.min(availableParallelism() + 1, 8),
  // A process keeps something of every suite that ran in it (async hooks, above all), and gets slower by it.
  workerIdleMemoryLimit: '500MB',
  testSequencer: '<rootDir>/libs/testing/jest/longest-first.cjs',
  projects: ['<rootDir>/apps/*/jest.config.cjs', '<rootDir>/libs/*/jest.config.cjs'],
};

export default config;
