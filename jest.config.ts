/**
 * ts-node would take seconds to check the types of this file. Error 5107 is about the deprecated module
 * resolution that ts-node uses.
 *
 * @jest-config-loader-options {"transpileOnly": true, "ignoreDiagnostics": [5107]}
 */
import { existsSync, readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import type { Config } from 'jest';

const load = createRequire(__filename);

type Project = Exclude<NonNullable<Config['projects']>[number], string>;

/**
 * Apps and libraries with the same configuration share one Jest project. Jest caches transformed files per
 * project, so with a project each, a machine with an empty cache would transform most files many times.
 */
function projects(): Project[] {
  const alike = new Map<string, string[]>();
  for (const { rootDir = __dirname, ...project } of [...projectsBelow('apps'), ...projectsBelow('libs')]) {
    const needs = JSON.stringify({ ...project, displayName: undefined });
    alike.set(needs, [...(alike.get(needs) ?? []), rootDir]);
  }
  return [...alike].map(([needs, roots]) => ({
    ...(JSON.parse(needs) as Project),
    rootDir: __dirname,
    roots,
  }));
}

function projectsBelow(folder: string): Project[] {
  return readdirSync(join(__dirname, folder))
    .map((name) => join(__dirname, folder, name, 'jest.config.cjs'))
    .filter((file) => existsSync(file))
    .map((file) => load(file) as Project);
}

const config: Config = {
  // Tests start processes and databases and wait for them, so there is one worker more than cores, up to 8.
  maxWorkers: Math.min(availableParallelism() + 1, 8),
  // Each suite leaves something behind in its worker (mainly async hooks), which slows the worker down.
  workerIdleMemoryLimit: '500MB',
  testSequencer: '<rootDir>/libs/testing/jest/longest-first.cjs',
  projects: projects(),
};

export default config;
