import { checkLedger } from '../asvs/check-ledger';
import { all, atLeast, measured, none } from '../figures';
import { type Proof } from '../proof';
import { PROOF_NAMES } from '../proofs';
import { sbomFaults, shippedSbom } from '../supply-chain/sbom';

const SECOND_LEVEL_AT_LEAST = 0.95;

/**
 * Everything that docs/asvs.md cites for a requirement exists, and every cited test runs.
 *
 * To see it fail: in docs/asvs.md, change a title or a level, or remove a line; or turn a cited test into
 * `it.skip`.
 */
export const proof: Proof = {
  goal:
    'OWASP ASVS 5.0: 100 % of the applicable level 1 requirements and 95 % of level 2 are met by tests ' +
    'that run, proofs or pages; the bill of materials is complete',
  // Uses no database, so one run is enough.
  databases: ['sqlite'],
  async run({ size }) {
    const { faults, gaps, levels } = checkLedger(PROOF_NAMES);
    // At the reduced size, only supply-chain.spec.ts checks the bill of materials, since npm takes seconds to
    // create it.
    const sbom = size === 'small' ? undefined : await shippedSbom();
    const [first, second] = levels;
    return [
      all('level 1 requirements met', first.held, first.applicable),
      atLeast('level 2 requirements met', second.held, Math.ceil(second.applicable * SECOND_LEVEL_AT_LEAST)),
      none('faults in the ledger', faults),
      ...(sbom
        ? [
            none('faults in the bill of materials', sbomFaults(sbom)),
            measured('packages', sbom.components.length),
          ]
        : []),
      measured('level 2 requirements that apply', second.applicable),
      measured('requirements that do not apply', first.notApplicable + second.notApplicable),
      measured('gaps', gaps.join(', ') || 'none'),
    ];
  },
};
