import 'reflect-metadata';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { RunFolder, createRoles, startLocalPostgres, temporaryDataDir } from '@atlas/testing';
import { type Proof, type ProofSize, prove } from './proof';
import { PROOFS } from './proofs';
import { Stage } from './stage';

const print = (line: string): boolean => process.stdout.write(`${line}\n`);

/**
 * `main.js <name>|all [--small] [--only <part>]`: prints each proof's figure at the end, and exits non-zero
 * if one falls short.
 */
async function main(): Promise<number> {
  const { positionals, values } = parseArgs({
    allowPositionals: true,
    options: { small: { type: 'boolean' }, only: { type: 'string' } },
  });
  const [name = 'all'] = positionals;
  const chosen = PROOFS.filter((proof) => name === 'all' || proof.name === name);
  if (chosen.length === 0)
    throw new Error(`Unknown proof "${name}". Proofs: ${PROOFS.map((proof) => proof.name).join(', ')}.`);
  const failed = await withPostgres(() => proveAll(chosen, values.small ? 'small' : 'full', values.only));
  return failed === 0 ? 0 : 1;
}

async function proveAll(proofs: readonly Proof[], size: ProofSize, only?: string): Promise<number> {
  const verdicts: string[] = [];
  let failed = 0;
  for (const proof of proofs) {
    print(`\n${proof.name}: ${proof.goal}`);
    for (const driver of size === 'small' ? (proof.smallOn ?? proof.databases) : proof.databases) {
      const stage = new Stage(driver, { isShared: false });
      const progress = (text: string) => print(`  ${driver}: ${text}`);
      const { figure, isGood } = await prove(proof, stage, size, { progress, only }).finally(() =>
        stage.clear(),
      );
      if (!isGood) failed++;
      verdicts.push(`${proof.name} on ${driver}: ${figure} ${isGood ? 'OK' : 'SHORT'}`);
    }
  }
  print('');
  for (const verdict of verdicts) print(verdict);
  return failed;
}

async function withPostgres<T>(work: () => Promise<T>): Promise<T> {
  const given = process.env['TEST_PG_URL'];
  if (given) return createRoles(given).then(work);
  const dataDir = temporaryDataDir(join(tmpdir(), 'atlas-qa-postgres'));
  const server = await startLocalPostgres({ dataDir, isTemporary: true, fsync: false });
  process.env['ATLAS_TEST_POSTGRES'] = server.adminUrl;
  try {
    await createRoles(server.adminUrl);
    return await work();
  } finally {
    await server.stop();
  }
}

const folder = RunFolder.open('atlas-qa');
folder.closeOnSignals();

main()
  .catch((error: unknown) => {
    process.stderr.write(`${(error as Error).stack}\n`);
    return 1;
  })
  // Exits explicitly: the package that starts Postgres would otherwise end the process with code 0.
  .then((code) => folder.close().finally(() => process.exit(code)));
