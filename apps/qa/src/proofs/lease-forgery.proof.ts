import { type PublishedKey } from '@atlas/plane-contract';
import {
  type InstallView,
  type SessionView,
  type TestDatabase,
  type TestStack,
  builtFile,
} from '@atlas/testing';
import { exactly, measured, none, tallyOf } from '../figures';
import { inBatches, turns } from '../in-batches';
import { FORGERIES, type Forgery, type Genuine } from '../leases/forgeries';
import { type Proof, type ProofContext, countBy } from '../proof';
import { SeededRandom } from '../seeded-random';
import { TenantRows } from '../tenant-rows';

const SEED = 20_260_401;
/** Longer than a lease from a file is valid. */
const LONG_SECONDS = 100 * 24 * 3600;

interface Outcome {
  readonly number: number;
  readonly how: string;
  readonly answer: string;
}

/** A customer's plane with one tenant, at its own address. */
interface CustomersPlane {
  readonly tenantId: string;
  readonly slug: string;
  readonly url: string;
  readonly install: InstallView;
  readonly database: TestDatabase;
}

/**
 * A customer's plane loads only leases that the Control Plane has signed for its tenant, that are newer than
 * the one it has, and that have not expired.
 *
 * To see it fail: in leases.ts of the tenant plane, leave out the check of the tenant or of the type; or in
 * lease-files.ts, leave out `requireNewer`.
 */
export const proof: Proof = {
  goal: '10,000 forged, swapped, older or expired leases: 0 accepted (reduced size: 200)',
  databases: ['sqlite', 'postgres'],
  smallOn: ['sqlite'],
  async run(context) {
    const { size, progress } = context;
    const stack = await context.stack();
    const [plane, other] = [await customersPlane(context, stack), await customersPlane(context, stack)];
    let session = await signedIn(stack, plane);
    const load = async (lease: string): Promise<string> => {
      const body = { lease };
      const at = plane.url;
      const answer = await stack.tenant<{ code?: string }>(plane.slug, '/api/entitlements/lease', {
        session,
        body,
        at,
      });
      return [answer.status, answer.body.code].join(' ').trim();
    };
    const older = await issued(stack, plane);
    const current = await load(await issued(stack, plane));
    const genuine: Genuine = {
      older,
      newest: await issued(stack, plane),
      swapped: await issued(stack, other),
      otherType: await signupToken(stack, plane),
      key: await leaseKey(plane),
    };
    const count = size === 'full' ? 10_000 : 200;
    const attempt = async (i: number): Promise<Outcome> => {
      const { how, make } = FORGERIES[i % FORGERIES.length] as Forgery;
      return { number: i, how, answer: await load(make(genuine, new SeededRandom(SEED + i))) };
    };
    const outcomes = await inBatches(turns(count), { progress }, attempt);
    const wrong = outcomes.filter(({ answer }) => !REFUSED.includes(answer));
    const newest = await load(genuine.newest);
    const figures = [
      measured('leases tried', count),
      none(
        'leases not refused',
        wrong.map(({ number, how, answer }) => `lease ${number}, ${how}: ${answer}`),
      ),
      exactly('genuine leases', `${current} ${newest}`, '200 200'),
      measured('answers', tallyOf(countBy(outcomes, ({ answer }) => answer))),
      measured('seed', SEED),
    ];
    if (size === 'small') return figures;
    const last = await issued(stack, plane);
    await restartLater(stack, plane);
    session = await signedIn(stack, plane);
    return [...figures, exactly('an expired lease', await load(last), '409 lease_refused')];
  },
};

/** A cut lease can be empty, which is not a valid request. */
const REFUSED = ['409 lease_refused', '400 validation_failed'];

async function customersPlane(context: ProofContext, stack: TestStack): Promise<CustomersPlane> {
  const slug = `leased-${Math.random().toString(36).slice(2, 8)}`;
  const { body } = await stack.provision(slug, { body: { deployment_model: 'on_prem' } });
  const database = await context.tenantPlaneDatabase();
  const { install, tenant } = body;
  if (!install) throw new Error('The tenant has no install bundle.');
  const { url } = await stack.startTenantPlane(install, database);
  await stack.signUp(await stack.awaitActive(tenant.id), url);
  return { tenantId: tenant.id, slug, url, install, database };
}

async function signedIn(stack: TestStack, { slug, url: at }: CustomersPlane): Promise<string> {
  const body = { email: `admin@${slug}.example.com`, password: 'correct horse battery staple' };
  return (await stack.tenant<SessionView>(slug, '/api/auth/token', { body, at })).body.token;
}

async function issued(stack: TestStack, { tenantId }: CustomersPlane): Promise<string> {
  return (await stack.api<{ lease: string }>(`/api/tenants/${tenantId}/lease`, { body: {} })).body.lease;
}

async function signupToken(stack: TestStack, { tenantId }: CustomersPlane): Promise<string> {
  const link = await stack.api<{ token: string }>(`/api/tenants/${tenantId}/signup-link`, { method: 'POST' });
  return link.body.token;
}

/** The public key that the plane verifies leases with. */
async function leaseKey({ database }: CustomersPlane): Promise<PublishedKey> {
  const rows = await TenantRows.open(database);
  const [row] = await rows.query<{ keys: string | PublishedKey[] }>('select keys from plane_identity');
  await rows.close();
  const keys = typeof row?.keys === 'string' ? (JSON.parse(row.keys) as PublishedKey[]) : (row?.keys ?? []);
  const key = keys.find(({ purpose }) => purpose === 'lease');
  if (!key) throw new Error('The plane has no key for leases.');
  return key;
}

/** Restarts the plane when all leases have expired. */
async function restartLater(stack: TestStack, plane: CustomersPlane): Promise<void> {
  const process = stack.tenantPlanes.find(({ url }) => url === plane.url);
  if (process) await stack.endTenantPlane(process);
  await stack.startTenantPlane(plane.install, plane.database, {
    ATLAS_OFFLINE_MODE: '1',
    NODE_OPTIONS: `--require "${builtFile('qa', 'preloads/shifted-clock.js')}"`,
    ATLAS_TEST_CLOCK_AHEAD: String(LONG_SECONDS),
  });
}
