import { basename } from 'node:path';

const SUFFIX = '.proof.ts';

/** An Nx plugin that gives each proof file its own target, which `nx run qa:<name>` runs. */
export const name = 'proof-targets';

export const createNodes = [
  `apps/qa/src/proofs/*${SUFFIX}`,
  (files) =>
    files.map((file) => {
      const proof = basename(file, SUFFIX);
      const target = { command: `node dist/apps/qa/main.js ${proof}`, dependsOn: ['build', '^build'] };
      return [file, { projects: { 'apps/qa': { targets: { [proof]: target } } } }];
    }),
];
