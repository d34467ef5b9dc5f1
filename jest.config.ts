/**
 * Seconds go by, and nothing else happens, while ts-node checks the types of this file (5107: it asks for a module
 * resolution that TypeScript has deprecated).
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
 * Apps and libraries that need the same are one project of this run. Jest keeps what it has transformed for each project
 * apart: with a project for each, a machine that never ran the tests would transform most files many times.
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
  // Processes and databases of their own, which also wait for each other: one more than there are cores, but not a crowd.
  maxWorkers: Math.min(availableParallelism() + 1, 8),
  // A process keeps something of every suite that ran in it (async hooks, above all), and gets slower by it.
  workerIdleMemoryLimit: '500MB',
  testSequencer: '<rootDir>/libs/testing/jest/longest-first.cjs',
  projects: projects(),
};

export default config;
