import { randomUUID } from 'node:crypto';
import { type TestStack } from '@atlas/testing';
import { exactly, measured } from '../figures';
import { type Proof, countBy } from '../proof';
import { SignedPlane } from '../signed-plane';

/**
 * If the response to an enrolment is lost, the same instance can repeat the request and gets the same
 * response. Other instances are refused.
 *
 * To see it fail: in `Enrolment.redeem`, drop the return for `consumedBy === instance_id`.
 */
export const proof: Proof = {
  goal:
    '100 repeats by the same instance: 1 tenant plane, the same response; another instance: 409 and one ' +
    'alarm',
  databases: ['sqlite', 'postgres'],
  smallOn: ['postgres'],
  async run({ size, stack: start }) {
    const stack = await start();
    const before = await planesOf(stack);
    const { install } = await stack.registerCell();
    const plane = new SignedPlane(stack.controlPlane.url, install);
    const repeats = size === 'full' ? 100 : 20;
    const answers = await Promise.all(
      Array.from({ length: repeats }, () => plane.enrol(stack.controlPlane.url)),
    );
    const same = countBy(answers, (answer) => `${answer.status} ${JSON.stringify(answer.body)}`);
    const other = await plane.enrol(stack.controlPlane.url, randomUUID());
    const alarms = await stack.api<{ items: { target: { id: string } }[] }>(
      '/api/audit?action=provisioning_token.misused',
    );
    const counts = {
      answers: Object.keys(same).length,
      planes: (await planesOf(stack)) - before,
      alarms: alarms.body.items.filter(({ target }) => target.id === install.token_id).length,
    };
    return [
      measured('repeats', repeats),
      exactly('distinct responses', counts.answers, 1),
      exactly('status of the responses', answers[0]?.status ?? 0, 200),
      exactly('tenant planes', counts.planes, 1),
      exactly('status for another instance', other.status, 409),
      exactly('alarms', counts.alarms, 1),
    ];
  },
};

async function planesOf(stack: TestStack): Promise<number> {
  return (await stack.api<{ items: unknown[] }>('/api/tenant-planes')).body.items.length;
}
