import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { prove } from '../src/proof';
import { PROOF_NAMES, proofNamed } from '../src/proofs';
import { tableOf } from '../src/report';
import { Stage } from '../src/stage';
import { ROOT } from '../src/supply-chain/locked-packages';

jest.setTimeout(60_000);

const cases = PROOF_NAMES.flatMap((name) => {
  const proof = proofNamed(name);
  return (proof.smallOn ?? proof.databases).map((driver) => ({ name, driver, proof }));
});

describe('every proof at the reduced size', () => {
  const stages = {
    sqlite: new Stage('sqlite', { isShared: true }),
    postgres: new Stage('postgres', { isShared: true }),
  };
  afterAll(() => Promise.all(Object.values(stages).map((stage) => stage.clear())));

  it.each(cases)('holds: $name on $driver', async ({ proof, driver }) => {
    const { figures, holds } = await prove(proof, stages[driver], 'small');
    expect(holds ? 'OK' : tableOf(figures)).toBe('OK');
  });
});

describe('every proof', () => {
  it('has a row in docs/security.md', () => {
    const page = readFileSync(join(ROOT, 'docs/security.md'), 'utf8');
    const rows = [...page.matchAll(/^\|.*\| `([a-z-]+)` +\|$/gm)].map(([, name = '']) => name);
    expect(rows.sort()).toEqual(PROOF_NAMES);
  });

  it.each(PROOF_NAMES)('says how to make it fail: %s', (name) => {
    const source = readFileSync(join(ROOT, `apps/qa/src/proofs/${name}.proof.ts`), 'utf8');
    expect(source).toMatch(
      /\/\*\*(?:(?!\*\/)[^])* \* To see it fail: (?:(?!\*\/)[^])*\*\/\nexport const proof: /,
    );
  });
});
