import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { prove } from '../src/proof';
import { PROOFS } from '../src/proofs';

jest.setTimeout(60_000);

const cases = PROOFS.flatMap((proof) =>
  (proof.smallOn ?? proof.databases).map((driver) => ({ name: proof.name, driver, proof })),
);

describe('the proofs, in their small form', () => {
  it.each(cases)('$name on $driver', async ({ proof, driver }) => {
    expect(await prove(proof, driver, 'small')).toEqual({ figure: expect.any(String), isGood: true });
  });

  it('have each a target of their own', () => {
    const { targets } = JSON.parse(readFileSync(join(__dirname, '../project.json'), 'utf8')) as {
      targets: object;
    };
    expect(Object.keys(targets)).toEqual(
      expect.arrayContaining(['all', ...PROOFS.map((proof) => proof.name)]),
    );
  });
});
