import { Sender } from '@atlas/isolation';
import { FROM_MODULES, type PlaneProcess, TestSmtpServer, builtFile } from '@atlas/testing';
import { measured, moreThan, none } from '../figures';
import { ControlPlaneWrites } from '../losing-commits/control-plane-writes';
import { TenantPlaneWrites } from '../losing-commits/tenant-plane-writes';
import { type Tried, type Write, tried } from '../losing-commits/tried';
import { type Proof, type ProofContext } from '../proof';
import { TenantRows } from '../tenant-rows';

const LOSING = {
  ...FROM_MODULES,
  NODE_OPTIONS: `--require "${builtFile('qa', 'preloads/commit-faults.js')}"`,
};
/**
 * The requests that are tried at the reduced size. Both would create a duplicate if they were sent again
 * without a key.
 */
const SMALL = ['POST /api/incidents', 'POST /api/tenants/provision'];

/**
 * Every request that writes is sent once for each of its COMMITs and each way in which that COMMIT can fail.
 *
 * The same request is then sent again with the same key. The rows about its subject must match the rows that
 * a request without a fault leaves. A module preloaded into the plane learns from the request's trace id
 * which COMMIT to fail.
 *
 * To see it fail: have `PostgresDatabase.commit` return as if it had committed.
 */
export const proof: Proof = {
  goal:
    'each COMMIT of each request that writes is refused, or loses its connection before or after ' +
    'taking effect: nothing acknowledged is missing, nothing is half done, and repeating the request ' +
    'completes it once',
  databases: ['sqlite', 'postgres'],
  smallOn: ['postgres'],
  async run(context) {
    const smtp = await TestSmtpServer.start();
    try {
      const results = await atBothPlanes(context, smtp);
      const wrong = results.flatMap((result) => result.wrong);
      const faults = results.reduce((sum, result) => sum + result.faults, 0);
      return [
        measured('kinds of request', results.length),
        moreThan('failed COMMITs', faults, results.length),
        none('wrong outcomes', wrong),
      ];
    } finally {
      await smtp.stop();
    }
  },
};

async function atBothPlanes(context: ProofContext, smtp: TestSmtpServer): Promise<Tried[]> {
  const stack = await context.stack({ ...LOSING, ...smtp.env, TRUSTED_PROXIES: '127.0.0.1' });
  const { id, install } = await stack.registerCell();
  const planeDatabase = await context.database();
  const plane = await stack.startTenantPlane(install, planeDatabase, LOSING);
  await stack.awaitEnrolled(id);
  const [ofControlPlane, ofTenantPlane] = [stack.controlPlaneDatabase, planeDatabase];
  const atControlPlane = await withAccess(ofControlPlane, stack.controlPlane, (sender, disk) =>
    inTurn(context, new ControlPlaneWrites(stack, sender, disk, smtp).all(), stack.controlPlane),
  );
  const atTenantPlane = await withAccess(ofTenantPlane, plane, (sender, disk) =>
    inTurn(context, new TenantPlaneWrites(stack, sender, disk).all(), plane),
  );
  return [...atControlPlane, ...atTenantPlane];
}

async function withAccess<T>(
  database: Parameters<typeof TenantRows.open>[0],
  { url }: PlaneProcess,
  work: (sender: Sender, disk: TenantRows) => Promise<T>,
): Promise<T> {
  const disk = await TenantRows.open(database);
  const sender = new Sender(url);
  try {
    return await work(sender, disk);
  } finally {
    sender.close();
    await disk.close();
  }
}

async function inTurn(
  { size, only = '', progress }: ProofContext,
  writes: readonly Write[],
  plane: PlaneProcess,
): Promise<Tried[]> {
  const chosen = writes.filter(
    ({ name }) => name.includes(only) && (size === 'full' || SMALL.includes(name)),
  );
  const results: Tried[] = [];
  for (const write of chosen) {
    const result = await tried(write, plane);
    progress([`${write.name}: ${result.faults} failed COMMITs`, ...result.wrong].join('\n    '));
    results.push(result);
  }
  return results;
}
