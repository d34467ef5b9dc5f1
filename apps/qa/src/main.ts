import 'reflect-metadata';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { RunFolder, createRoles, startLocalPostgres, temporaryDataDir } from '@atlas/testing';
import { type ProofSize, prove } from './proof';
import { PROOF_NAMES, proofNamed } from './proofs';
import { type Run, reportOf } from './report';
import { Stage } from './stage';

/**
 * `main.js <name>|all [--small] [--only <part>] [--json]` runs the proofs, prints a report on each, and exits
 * with a non-zero code if a proof fails. With `--json`, standard output gets one JSON object per proof and
 * database; everything else goes to standard error.
 */
async function main(): Promise<number> {
  const { positionals, values } = parseArgs({
    allowPositionals: true,
    options: { small: { type: 'boolean' }, only: { type: 'string' }, json: { type: 'boolean' } },
  });
  const [name = 'all'] = positionals;
  const chosen = PROOF_NAMES.filter((one) => name === 'all' || one === name);
  if (chosen.length === 0) throw new Error(`Unknown proof "${name}". Proofs: ${PROOF_NAMES.join(', ')}.`);
  const tell = printTo(values.json ? process.stderr : process.stdout);
  const runs = await withPostgres(() => proveAll(chosen, values.small ? 'small' : 'full', values.only, tell));
  tell('');
  const print = printTo(process.stdout);
  for (const run of runs) print(values.json ? JSON.stringify(run) : reportOf(run));
  return runs.every(({ holds }) => holds) ? 0 : 1;
}

async function proveAll(
  names: readonly string[],
  size: ProofSize,
  only: string | undefined,
  tell: (line: string) => void,
): Promise<Run[]> {
  const runs: Run[] = [];
  for (const name of names) {
    const proof = proofNamed(name);
    tell(`\n${name}: ${proof.goal}`);
    const databases = size === 'small' ? (proof.smallOn ?? proof.databases) : proof.databases;
    if (databases.length === 0) tell('  Skipped: this proof does not run at the reduced size.');
    for (const database of databases) {
      const stage = new Stage(database, { isShared: false });
      const progress = (text: string): void => tell(`  ${database}: ${text}`);
      const startedAt = performance.now();
      const { figures, holds } = await prove(proof, stage, size, { progress, only }).finally(() =>
        stage.clear(),
      );
      const seconds = (performance.now() - startedAt) / 1000;
      runs.push({ proof: name, database, size, holds, seconds, figures });
    }
  }
  return runs;
}

function printTo(stream: NodeJS.WriteStream): (line: string) => void {
  return (line) => void stream.write(`${line}\n`);
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
  // Exits explicitly. Otherwise, the package that starts Postgres would make the process exit with code 0.
  .then((code) => folder.close().finally(() => process.exit(code)));
