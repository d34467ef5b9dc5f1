import { PLANE_PATHS } from '@atlas/plane-contract';
import { inBatches } from '../in-batches';
import { type Proof, countBy } from '../proof';
import { SeededRandom } from '../seeded-random';
import { type SignedRequest, SignedPlane, send } from '../signed-plane';

/** R6. A signed request that was changed anywhere is refused; an intact one passes. */
export const SIGNATURE_MUTATION: Proof = {
  name: 'signature-mutation',
  goal: '10,000 mutated signed requests: 0 accepted; 1,000 intact ones: all (small form: 500 and 50)',
  databases: ['sqlite', 'postgres'],
  smallOn: ['sqlite'],
  async run({ size, stack: start, progress }) {
    const stack = await start();
    const { url } = stack.controlPlane;
    const plane = new SignedPlane(url, (await stack.registerCell()).install);
    await plane.enrol(url);
    const [mutations, intact] = size === 'full' ? [10_000, 1_000] : [500, 50];
    const random = new SeededRandom(20_260_101);
    const next = (i: number): SignedRequest => reportOf(plane, i);
    const mutated = await inBatches(mutations, progress, (i) => send(url, mutate(next(i), random)));
    const passed = await inBatches(intact, progress, (i) => send(url, next(mutations + i)));
    const [refusals, accepted] = [countBy(mutated, (a) => a.status), countBy(passed, (a) => a.status)];
    // Some break the JSON or lead to no route; those are refused before anybody looks at the signature.
    const isAllRefused =
      mutated.every(({ status }) => [400, 401, 404].includes(status)) && (refusals[401] ?? 0) > mutations / 2;
    return {
      figure: `${mutations} mutated: ${JSON.stringify(refusals)}; ${intact} intact: ${JSON.stringify(accepted)} (seed ${random.seed})`,
      isGood: isAllRefused && accepted[200] === intact,
    };
  },
};

function reportOf(plane: SignedPlane, sequence: number): SignedRequest {
  const link = { sequence: sequence + 1, link_id: plane.instanceId };
  const body = { revision: 'x.0', version: '0.1.0', ...link, tenants: [], usage: {}, health: {} };
  return plane.sign('POST', `${PLANE_PATHS.report}`, JSON.stringify(body));
}

/** Changes one character of one covered part. */
function mutate(request: SignedRequest, random: SeededRandom): SignedRequest {
  const { headers } = request;
  const parts: (() => SignedRequest)[] = [
    () => ({ ...request, body: random.changed(request.body) }),
    () => ({ ...request, method: 'PUT' }),
    () => ({ ...request, target: `${request.target}?${random.word()}=1` }),
    () => ({
      ...request,
      headers: { ...headers, 'content-digest': random.changed(headers['content-digest']) },
    }),
    () => ({ ...request, headers: { ...headers, signature: random.changed(headers.signature) } }),
    () => ({
      ...request,
      headers: { ...headers, 'signature-input': random.changed(headers['signature-input']) },
    }),
    () => ({ ...request, headers: { ...headers, 'x-tenant-id': random.word() } }),
  ];
  return random.one(parts)();
}
