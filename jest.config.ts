import type { Config } from 'jest';

const config: Config = {
  projects: ['<rootDir>/apps/*/jest.config.cjs', '<rootDir>/libs/*/jest.config.cjs'],
};

export default config;
