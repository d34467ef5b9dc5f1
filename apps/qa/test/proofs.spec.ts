import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { prove } from '../src/proof';
import { PROOFS } from '../src/proofs';
import { Stage } from '../src/stage';
import { ROOT } from '../src/supply-chain/locked-packages';

jest.setTimeout(60_000);

const cases = PROOFS.flatMap((proof) =>
  (proof.smallOn ?? proof.databases).map((driver) => ({ name: proof.name, driver, proof })),
);

describe('the proofs, in their small form', () => {
  const stages = {
    sqlite: new Stage('sqlite', { isShared: true }),
    postgres: new Stage('postgres', { isShared: true }),
  };
  afterAll(() => Promise.all(Object.values(stages).map((stage) => stage.clear())));

  it.each(cases)('$name on $driver', async ({ proof, driver }) => {
    const { figure, isGood } = await prove(proof, stages[driver], 'small');
    expect(isGood ? 'OK' : figure).toBe('OK');
  });

  it('each have a target of their own', () => {
    const { targets } = JSON.parse(readFileSync(join(__dirname, '../project.json'), 'utf8')) as {
      targets: object;
    };
    expect(Object.keys(targets)).toEqual(
      expect.arrayContaining(['all', ...PROOFS.map((proof) => proof.name)]),
    );
  });
});

describe('every proof', () => {
  it('has a row in docs/security.md', () => {
    const page = readFileSync(join(ROOT, 'docs/security.md'), 'utf8');
    const rows = [...page.matchAll(/^\|.*\| `([a-z-]+)` +\|$/gm)].map(([, name = '']) => name);
    expect(rows.sort()).toEqual(PROOFS.map((proof) => proof.name).sort());
  });

  it.each(PROOFS)('says how to see it fail: $name', ({ name }) => {
    const source = readFileSync(join(ROOT, `apps/qa/src/proofs/${name}.proof.ts`), 'utf8');
    expect(source).toMatch(/\/\*\*(?:(?!\*\/)[^])* \* To see it fail: (?:(?!\*\/)[^])*\*\/\nexport const /);
  });
});
