import { checkLedger, type Tally } from '../asvs/check-ledger';
import { type Proof } from '../proof';
// Imported when the proof runs, since that module lists this proof too.
import { PROOFS } from '../proofs';
import { sbomFaults, shippedSbom } from '../supply-chain/sbom';

const SECOND_LEVEL_AT_LEAST = 0.95;

const shareOf = ({ held, applicable }: Tally): number => held / applicable;
const told = ({ held, applicable, notApplicable }: Tally): string =>
  `${held} of ${applicable} applicable met (${((held / applicable) * 100).toFixed(1)} %), ` +
  `${notApplicable} n/a`;

/**
 * Whatever docs/asvs.md names for a requirement exists, and runs.
 *
 * To see it fail: in docs/asvs.md, change a title or a level,
 * or leave out a line; or make a cited test `it.skip`.
 */
export const ASVS_LEDGER: Proof = {
  name: 'asvs-ledger',
  goal:
    'OWASP ASVS 5.0: 100 % of applicable level-1 and 95 % of level-2 requirements carry live test ids; ' +
    'the bill of materials is complete',
  // Uses no database, so one run is enough.
  databases: ['sqlite'],
  async run({ size }) {
    const { faults, gaps, levels } = checkLedger(PROOFS.map(({ name }) => name));
    // In the small size supply-chain.spec.ts checks the bill of materials, since asking npm takes seconds.
    const sbom = size === 'small' ? undefined : await shippedSbom();
    const missing = sbom ? sbomFaults(sbom) : [];
    const [first, second] = levels;
    return {
      figure:
        `L1 ${told(first)}; L2 ${told(second)}; gaps: ${gaps.join(', ') || 'none'}; ` +
        `${sbom ? `bill of ${sbom.components.length} packages, ${missing.length} faults` : 'bill by supply-chain.spec'}; ` +
        '' +
        `${faults.length} faults ${[...faults, ...missing].join('; ')}`,
      isGood:
        faults.length + missing.length === 0 &&
        shareOf(first) === 1 &&
        shareOf(second) >= SECOND_LEVEL_AT_LEAST,
    };
  },
};
