import { all, measured, none, tallyOf } from '../figures';
import { inBatches, turns } from '../in-batches';
import { type Mutation } from '../mutations/mutation';
import { REQUEST_MUTATIONS } from '../mutations/request-mutations';
import { SIGNATURE_MUTATIONS } from '../mutations/signature-mutations';
import { SignedCalls } from '../mutations/signed-calls';
import { type Proof, countBy } from '../proof';
import { SeededRandom } from '../seeded-random';
import { send } from '../signed-plane';

const MUTATIONS: readonly Mutation[] = [...REQUEST_MUTATIONS, ...SIGNATURE_MUTATIONS];
const SEED = 20_260_101;

interface Outcome {
  /** The number of the request. The printed seed plus this number reproduces the change. */
  readonly number: number;
  readonly part: string;
  readonly refusal: string;
  /**
   * The status of the original request, which is sent only in the last tenth of the run, after its changed
   * copy. Undefined if the original was not sent.
   */
  readonly intact: number | undefined;
}

/**
 * A signed request that was changed anywhere is refused. An unchanged request is accepted, even after changed
 * copies of it.
 *
 * The changes in ../mutations are used in turn. Each change has its own seed (the printed seed plus the
 * number of the request), so that an accepted change can be reproduced. In addition, raw-requests.cases.ts
 * sends bytes that no client would send, and signatures are checked against the examples of RFC 9421
 * (rfc9421.spec.ts) and a second implementation (second-implementation.spec.ts).
 *
 * To see it fail: in verify-request.ts, leave out `requireDigest`; or have `hmacOf` accept every encoding of
 * 32 bytes.
 */
export const proof: Proof = {
  goal:
    '10,000 mutated signed requests: 0 accepted; 1,000 intact requests: all accepted (reduced size: 500 ' +
    'and 50)',
  databases: ['sqlite', 'postgres'],
  smallOn: ['sqlite'],
  async run({ size, stack: start, progress }) {
    const stack = await start();
    const { url } = stack.controlPlane;
    const calls = await SignedCalls.of(stack);
    const count = size === 'full' ? 10_000 : 500;
    const attempt = async (i: number): Promise<Outcome> => {
      const mutation = MUTATIONS[i % MUTATIONS.length] as Mutation;
      const { original, changed } = calls.mutated(mutation, new SeededRandom(SEED + i));
      const { status, body } = await send<{ code?: string } | null>(url, changed);
      const intact = i >= count - count / 10 ? (await send(url, original)).status : undefined;
      return {
        number: i,
        part: mutation.part,
        intact,
        refusal: [status, body?.code].join(' ').trim(),
      };
    };
    const outcomes = await inBatches(turns(count), { progress }, attempt);
    const wrong = outcomes.filter((outcome) => !isRefused(outcome));
    const accepted = outcomes.filter(({ intact }) => intact === 200).length;
    return [
      measured('mutated requests', count),
      none(
        'mutated requests not refused for their signature',
        wrong.map(({ number, part, refusal }) => `request ${number}, ${part}: ${refusal}`),
      ),
      all('intact requests accepted', accepted, count / 10),
      measured('kinds of mutation', MUTATIONS.length),
      measured('refusals', tallyOf(countBy(outcomes, ({ refusal }) => refusal))),
      measured('seed', SEED),
    ];
  },
};

/**
 * Whether the signature was the reason for the refusal. If a changed method or path matches no route, the
 * request is refused before the signature is checked. The response to a HEAD request has no error code.
 */
function isRefused({ part, refusal }: Outcome): boolean {
  return refusal === '401 bad_signature' || (/^(method|path)/.test(part) && /^40[14]/.test(refusal));
}
