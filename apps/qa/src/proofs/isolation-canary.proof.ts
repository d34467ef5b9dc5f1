import { measured, moreThan, none } from '../figures';
import { InterleavedWork } from '../isolation/interleaved-work';
import { openTransactions } from '../isolation/open-transactions';
import { type TenantWithCanary, tenantWithCanary } from '../isolation/tenants';
import { type Proof } from '../proof';
import { SeededRandom } from '../seeded-random';

const SIZES = {
  small: { tenants: 4, requests: 300 },
  full: { tenants: 50, requests: 20_000 },
} as const;

/** Settings for the full size. The reduced size uses the shared stack. */
const FEW_CONNECTIONS = { TENANT_PLANE_DATABASE_POOL_SIZE: '5' };

/**
 * Many tenants share few connections, and some of their clients hang up.
 *
 * Fifty requests at a time share the plane's connections, and one client in ten hangs up within 20 ms. The
 * last requests are writes that fail. They show whether a connection is returned to the pool inside a
 * transaction. At the reduced size, the pool has ten connections.
 *
 * To see it fail: on SQLite, leave out the predicate in `TenantScope.query`; on Postgres, leave out the
 * rollback in `PostgresDatabase.attempt`.
 */
export const proof: Proof = {
  goal:
    '20,000 interleaved requests from 50 tenants through a pool of 5, with clients hanging up: 0 canaries ' +
    'of other tenants, no connection left in a transaction',
  databases: ['sqlite', 'postgres'],
  smallOn: ['postgres'],
  async run({ size, progress, served }) {
    const { stack, planeDatabase } = await served(size === 'full' ? FEW_CONNECTIONS : undefined);
    const { tenants: count, requests } = SIZES[size];
    const tenants: TenantWithCanary[] = [];
    for (let at = 0; at < count; at += 1) tenants.push(await tenantWithCanary(stack, `t${at}`));
    const random = new SeededRandom(Date.now() % 1_000_000);
    progress(`seed ${random.seed}`);
    const work = new InterleavedWork(stack.tenantPlanes[0]?.url ?? '', tenants, random, progress);
    const seen = await work.run(requests);
    const open = await openTransactions(planeDatabase);
    return [
      measured('requests', requests),
      none("responses with another tenant's canary", seen.foreign),
      none('failed requests', seen.failed),
      none('transactions left open', open),
      moreThan('responses with their own canary', seen.own, requests / 3),
      moreThan('clients that hung up', seen.hungUp, 0),
      measured('tenants', count),
      measured('responses', seen.answers),
      measured('seed', random.seed),
    ];
  },
};
