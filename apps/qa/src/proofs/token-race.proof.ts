import { randomUUID } from 'node:crypto';
import { all, measured, tallyOf } from '../figures';
import { type Proof, countBy } from '../proof';
import { SignedPlane } from '../signed-plane';

const CALLERS = 200;

/**
 * Many instances present the same token to two processes at the same time. Exactly one instance is enrolled.
 *
 * To see it fail: in `ProvisioningTokens.redeem`, drop `consumedAt: IsNull()` from the guard.
 */
export const proof: Proof = {
  goal:
    '200 instances present one token to 2 Control Plane processes: exactly 1 success, the rest 409, no ' +
    '5xx',
  databases: ['postgres'],
  // Covered at the reduced size by control-plane/test/jobs/two-processes.cases.ts.
  smallOn: [],
  async run({ size, stack: start, furtherControlPlane, progress }) {
    const stack = await start();
    const second = await furtherControlPlane(stack);
    const rounds = size === 'full' ? 50 : 1;
    const wrong: string[] = [];
    for (let round = 1; round <= rounds; round++) {
      const { install } = await stack.registerCell({ name: `race-${round}` });
      const plane = new SignedPlane(stack.controlPlane.url, install);
      const urls = [stack.controlPlane.url, second.url];
      const answers = await Promise.all(
        Array.from({ length: CALLERS }, (_, i) => plane.enrol(urls[i % 2] ?? '', randomUUID())),
      );
      const counts = countBy(answers, (answer) => answer.status);
      if (counts[200] !== 1 || counts[409] !== CALLERS - 1) wrong.push(`round ${round}: ${tallyOf(counts)}`);
      progress(`round ${round} of ${rounds}: ${tallyOf(counts)}`);
    }
    return [
      measured('callers', CALLERS),
      all(`rounds with exactly 1 success and ${CALLERS - 1} x 409`, rounds - wrong.length, rounds, wrong),
    ];
  },
};
