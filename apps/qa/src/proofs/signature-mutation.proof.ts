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
  /** Seed of its change: the same number makes the same change again. */
  readonly number: number;
  readonly part: string;
  readonly refusal: string;
  /** Status of the original request, which in the last tenth is sent after the changed one. */
  readonly intact: number | undefined;
}

/**
 * A signed request that was changed anywhere is refused; an
 * intact one passes, even after changed copies of it.
 *
 * The changes come from ../mutations in turn. Each has a seed of its own (the printed seed plus the number of
 * the request), so a change that got through can be made again. Beside it, raw-requests.cases.ts sends byte
 * by byte what no client would, and the examples of RFC 9421 (rfc9421.spec.ts) and a second implementation
 * (second-implementation.spec.ts) hold signatures to the standard.
 *
 * To see it fail: in verify-request.ts, leave out `requireDigest`;
 * or have `hmacOf` accept every spelling of 32 bytes.
 */
export const proof: Proof = {
  goal: '10,000 mutated signed requests: 0 accepted; 1,000 intact ones: all (small form: 500 and 50)',
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
        'mutated requests not refused for it',
        wrong.map(({ number, part, refusal }) => `request ${number}, ${part}: ${refusal}`),
      ),
      all('intact requests accepted', accepted, count / 10),
      measured('ways to mutate', MUTATIONS.length),
      measured('refusals', tallyOf(countBy(outcomes, ({ refusal }) => refusal))),
      measured('seed', SEED),
    ];
  },
};

/**
 * Refused because of the signature; another method or path may lead to no route before it is checked. An
 * answer to HEAD has no code.
 */
function isRefused({ part, refusal }: Outcome): boolean {
  return refusal === '401 bad_signature' || (/^(method|path)/.test(part) && /^40[14]/.test(refusal));
}
