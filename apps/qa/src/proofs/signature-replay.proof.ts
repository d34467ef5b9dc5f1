import { PLANE_PATHS } from '@atlas/plane-contract';
import { InMemoryNonceStore, SignatureVerifier, authorityOf } from '@atlas/service-auth';
import { FixedClock, type InstallView } from '@atlas/testing';
import { type Proof, countBy } from '../proof';
import { SignedPlane, send } from '../signed-plane';

/** R7. A recorded request is worth nothing the second time, in any process, and nothing at all after 300 s. */
export const SIGNATURE_REPLAY: Proof = {
  name: 'signature-replay',
  goal: 'one signed request sent 100 times over 2 Control Plane processes: 1 accepted; the 300 s edge is exact',
  databases: ['sqlite', 'postgres'],
  smallOn: ['postgres'],
  async run({ driver, stack: start, furtherControlPlane }) {
    const stack = await start();
    const { url } = stack.controlPlane;
    const second = driver === 'postgres' ? await furtherControlPlane(stack) : undefined;
    const { install } = await stack.registerCell();
    const plane = new SignedPlane(url, install);
    await plane.enrol(url);
    const recorded = plane.sign('GET', `${PLANE_PATHS.desiredState}?wait=0`);
    const urls = [url, second?.url ?? url];
    const answers = await Promise.all(
      Array.from({ length: 100 }, (_, i) => send(urls[i % 2] ?? url, recorded)),
    );
    const counts = countBy(answers, (answer) => answer.status);
    const edge = await edgeOf(install, url);
    return {
      figure: `100 times: ${JSON.stringify(counts)}; ${edge.join(', ')}`,
      isGood:
        counts[200] === 1 &&
        counts[401] === 99 &&
        edge.join() === '300 s accepted,301 s clock_skew,-300 s accepted,-301 s clock_skew',
    };
  },
};

/** At the clock's exact second, which real processes can't be held at. */
async function edgeOf(install: InstallView, publicUrl: string): Promise<string[]> {
  const secret = install.env['INTERNAL_SERVICE_SECRET'] ?? '';
  const keys = { secretsFor: async (keyId: string) => ({ keyId, secrets: [secret], caller: null }) };
  const results: string[] = [];
  for (const age of [300, 301, -300, -301]) {
    const clock = new FixedClock();
    const verifier = new SignatureVerifier(
      { authority: authorityOf(publicUrl) },
      keys,
      new InMemoryNonceStore(clock),
      clock,
    );
    const signed = new SignedPlane(publicUrl, install).sign(
      'GET',
      '/x',
      '',
      new Date(clock.now().getTime() - age * 1000),
    );
    const received = { method: 'GET', target: '/x', headers: signed.headers, rawBody: Buffer.alloc(0) };
    const outcome = await verifier.verify(received).then(
      () => 'accepted',
      (error: { code: string }) => error.code,
    );
    results.push(`${age} s ${outcome}`);
  }
  return results;
}
