import { readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { type Proof } from './proof';

const FOLDER = join(__dirname, 'proofs');
const FILE = /^([a-z0-9-]+)\.proof\.[jt]s$/;
const load = createRequire(__filename);

/**
 * The names of the files in ./proofs, each of which is one proof. ../proof-targets.mjs creates the Nx targets
 * from the same files.
 */
export const PROOF_NAMES: readonly string[] = readdirSync(FOLDER)
  .flatMap((file) => FILE.exec(file)?.[1] ?? [])
  .sort();

export function proofNamed(name: string): Proof {
  const { proof } = load(join(FOLDER, `${name}.proof`)) as { readonly proof?: Proof };
  if (!proof) throw new Error(`${name}.proof.ts must export "proof".`);
  return proof;
}
