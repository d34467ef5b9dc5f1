import {
  type Answer,
  type PlaneProcess,
  type Provisioned,
  type TestStack,
  eventually,
  request,
} from '@atlas/testing';
import { type Figure, exactly, measured, none, tallyOf } from '../figures';
import { type Proof, type ProofContext, countBy } from '../proof';

const CALLERS = 100;
type Reply = Answer<Provisioned & { code?: string }>;

/**
 * Many requests with the same key create one tenant, even if they go to several processes or a process is
 * killed.
 *
 * To see it fail: in `Idempotency.attempt`, insert the key after the work, in its own transaction.
 */
export const proof: Proof = {
  goal:
    '100 requests with the same key: 1 tenant, every 202 identical, the others get 409 and then the ' +
    'same 202; kill -9 changes nothing; a different body gets 422',
  databases: ['sqlite', 'postgres'],
  // Covered at the reduced size by control-plane/test/jobs/two-processes.cases.ts.
  smallOn: [],
  async run(context) {
    const { stack } = await context.served();
    const second = context.driver === 'postgres' ? await context.furtherControlPlane(stack) : undefined;
    const concurrent = await sameKeyAtOnce(stack, [stack.controlPlane, ...(second ? [second] : [])]);
    const killed = await acrossKills(stack, context);
    const reused = await post(stack, stack.controlPlane, 'at-once', 'another');
    return [
      measured('requests at once', CALLERS),
      ...concurrent,
      ...killed,
      exactly(
        'the same key with a different body',
        `${reused.status} ${reused.body.code}`,
        '422 idempotency_key_reused',
      ),
    ];
  },
};

function post(stack: TestStack, process: PlaneProcess, key: string, slug: string): Promise<Reply> {
  const body = { name: slug, slug, deployment_model: 'shared', admin_email: 'admin@example.com' };
  const headers = { authorization: `Bearer ${stack.apiKey}`, 'idempotency-key': key };
  return request(`${process.url}/api/tenants/provision`, { body, headers });
}

/** Behaves like a client: repeats the request until it gets a 202. */
async function persist(stack: TestStack, process: PlaneProcess, key: string, slug: string): Promise<Reply> {
  return eventually(
    async () => {
      const reply = await post(stack, process, key, slug).catch(() => undefined);
      return reply?.status === 202 && reply;
    },
    { what: `the request with key ${key} is accepted` },
  );
}

async function sameKeyAtOnce(stack: TestStack, processes: readonly PlaneProcess[]): Promise<Figure[]> {
  const pick = (i: number): PlaneProcess => processes[i % processes.length] ?? stack.controlPlane;
  const first = await Promise.all(
    Array.from({ length: CALLERS }, (_, i) => post(stack, pick(i), 'at-once', 'at-once')),
  );
  const statuses = countBy(first, (reply) => reply.status);
  const finals = await Promise.all(
    first.map((reply, i) => (reply.status === 202 ? reply : persist(stack, pick(i), 'at-once', 'at-once'))),
  );
  const bodies = countBy(finals, (reply) => JSON.stringify(reply.body));
  const tenants = await tenantsNamed(stack, 'at-once');
  const others = Object.keys(statuses).filter((status) => status !== '202' && status !== '409');
  return [
    exactly('tenants', tenants, 1),
    exactly('distinct 202 responses', Object.keys(bodies).length, 1),
    none('statuses other than 202 and 409', others),
    measured('first responses', tallyOf(statuses)),
  ];
}

async function acrossKills(stack: TestStack, { size }: ProofContext): Promise<Figure[]> {
  const kills = size === 'full' ? 5 : 1;
  let doubles = 0;
  for (let i = 1; i <= kills; i++) {
    const key = `killed-${i}`;
    const inFlight = Array.from({ length: 10 }, () =>
      post(stack, stack.controlPlane, key, key).catch(() => undefined),
    );
    await Promise.race(inFlight);
    await stack.controlPlane.end('SIGKILL');
    const before = (await Promise.all(inFlight)).filter((reply) => reply?.status === 202);
    await stack.startControlPlane();
    const after = await persist(stack, stack.controlPlane, key, key);
    const isSame = before.every((reply) => JSON.stringify(reply?.body) === JSON.stringify(after.body));
    if (!isSame || (await tenantsNamed(stack, key)) !== 1) doubles++;
  }
  return [measured('kills', kills), none('duplicates or different responses after a kill', doubles)];
}

async function tenantsNamed(stack: TestStack, name: string): Promise<number> {
  const { body } = await stack.api<{ items: { name: string }[] }>('/api/tenants?limit=200');
  return body.items.filter((tenant) => tenant.name === name).length;
}
