import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { prove } from '../src/proof';
import { PROOFS } from '../src/proofs';
import { Stage } from '../src/stage';

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
