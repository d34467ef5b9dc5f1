import { setTimeout as delay } from 'node:timers/promises';
import {
  type Answer,
  type Provisioned,
  type TestDatabase,
  TestStack,
  asAdmin,
  eventually,
} from '@atlas/testing';
import { OwnPostgres } from '../failures/own-postgres';
import { exactly, measured, moreThan, tallyOf } from '../figures';
import { type Proof, countBy } from '../proof';
import { SeededRandom } from '../seeded-random';

const TENANTS = 200;
/** The interval at which clients start. The longer the server is down, the more clients are waiting. */
const EVERY_MS = 250;
const REPEATED_AFTER_MS = 250;
const ACCEPTED_WITHIN_MS = 120_000;
const SEED = 19;

/**
 * The database server of both planes is killed repeatedly while tenants are provisioned.
 *
 * To see it fail: in `GraphileQueue`, leave out `AWAITED`.
 */
export const proof: Proof = {
  goal:
    `Postgres killed every 5-10 s during ${TENANTS} provisionings: exactly ${TENANTS} tenants, each ` +
    'active once, no request lost',
  databases: ['postgres'],
  // Starting a separate server with two planes takes too long for the reduced size.
  smallOn: [],
  async run({ progress }) {
    const server = await OwnPostgres.start();
    const databases = [await server.createDatabase(), await server.createDatabase()] as const;
    const stack = await TestStack.start({ controlPlaneDatabase: databases[0] });
    try {
      const { install, id } = await stack.registerCell();
      await stack.startTenantPlane(install, databases[1]);
      await stack.awaitEnrolled(id);
      const clients = new Clients(stack);
      const kills = await killWhile(server, clients.all(), progress);
      const counts = await outcome(stack, server, databases[0]);
      return [
        moreThan('kills', kills, 0),
        ...Object.entries(counts).map(([name, count]) => exactly(name, count, TENANTS)),
        measured('repeated requests', clients.repeats),
        measured('responses after which the request was repeated', tallyOf(clients.failures)),
        measured('seed', SEED),
      ];
    } finally {
      await stack.stop();
      await server.stop();
    }
  },
};

/** Each client repeats its request, with the same idempotency key, until it is accepted. */
class Clients {
  repeats = 0;
  private readonly statuses: number[] = [];

  constructor(private readonly stack: TestStack) {}

  get failures(): Record<string, number> {
    return countBy(this.statuses, (status) => status);
  }

  async all(): Promise<void> {
    const one = (n: number): Promise<void> => delay(n * EVERY_MS).then(() => this.persist(`chaos-${n + 1}`));
    await Promise.all(Array.from({ length: TENANTS }, (_, n) => one(n)));
  }

  private async persist(slug: string): Promise<void> {
    const deadline = Date.now() + ACCEPTED_WITHIN_MS;
    for (;;) {
      const { status } = await this.ask(slug);
      if (status === 202) return;
      this.statuses.push(status);
      if (status < 500 && status !== 409) throw new Error(`The request for ${slug} was refused: ${status}.`);
      if (Date.now() > deadline)
        throw new Error(`The request for ${slug} was not accepted in time: ${status}.`);
      this.repeats += 1;
      await delay(REPEATED_AFTER_MS);
    }
  }

  private ask(slug: string): Promise<Answer<Provisioned>> {
    return this.stack.provision(slug, { headers: { 'idempotency-key': slug } });
  }
}

/** Kills and restarts the server until the work is done. Returns the number of kills. */
async function killWhile(
  server: OwnPostgres,
  work: Promise<void>,
  progress: (text: string) => void,
): Promise<number> {
  const random = new SeededRandom(SEED);
  let [kills, isOver] = [0, false];
  const ended = work.finally(() => (isOver = true));
  const chaos = async (): Promise<void> => {
    while (!isOver) {
      await Promise.race([ended, delay(5000 + random.below(5000))]);
      if (isOver) return;
      server.kill();
      kills += 1;
      await server.restart();
      progress(`kill ${kills}: the server is up again`);
    }
  };
  await Promise.all([ended, chaos()]);
  return kills;
}

/** Returns the final counts by name. Each must equal the number of tenants. */
async function outcome(
  stack: TestStack,
  server: OwnPostgres,
  { url }: TestDatabase,
): Promise<Record<string, number>> {
  const own = new URL(new URL(url).pathname, server.adminUrl).toString();
  const count = (from: string): Promise<number> =>
    asAdmin(own, async (client) =>
      Number((await client.query(`select count(*) from ${from}`)).rows[0].count),
    );
  const areActive = async (): Promise<boolean> =>
    (await count("tenants where status = 'active'")) === TENANTS;
  await eventually(areActive, { timeoutMs: 60_000, everyMs: 500 }).catch(() => undefined);
  const slugs = Array.from({ length: TENANTS }, (_, n) => `chaos-${n + 1}`);
  let served = 0;
  for (const slug of slugs) if ((await stack.tenant(slug, '/api/tenant-default')).status === 200) served += 1;
  return {
    tenants: await count('tenants'),
    'active tenants': await count("tenants where status = 'active'"),
    jobs: await count('provisioning_jobs'),
    'succeeded jobs': await count("provisioning_jobs where status = 'succeeded'"),
    'places held': await count('placements where holds_place'),
    'places counted': await count('tenant_planes, generate_series(1, placed)'),
    'tenants served': served,
  };
}
