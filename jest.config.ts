import type { Config } from 'jest';

const config: Config = {
  // Processes and databases of their own: two at a time is what two cores carry.
  maxWorkers: 2,
  projects: ['<rootDir>/apps/*/jest.config.cjs', '<rootDir>/libs/*/jest.config.cjs'],
};

export default config;
