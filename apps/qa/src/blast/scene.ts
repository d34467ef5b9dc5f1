import { randomBytes } from 'node:crypto';
import {
  type DesiredTenant,
  type DesiredTransfer,
  PLANE_PATHS,
  TRANSFER_PART_TYPE,
} from '@atlas/plane-contract';
import { openNextSecret } from '@atlas/service-auth';
import {
  type InstallView,
  StandInAiProvider,
  type TenantView,
  type TestStack,
  eventually,
} from '@atlas/testing';
import { type ProofContext } from '../proof';
import { type Call, type Key, keyOf, sendAs } from './calls';
import { ServingPlane } from './serving-plane';

/** What an attacker has after stealing every secret of one tenant plane. */
interface Loot {
  readonly plane: ServingPlane;
  readonly tenant: TenantView;
  /**
   * The plane's service secrets: the current one, the next one (already delivered), and one from an unused
   * bundle.
   */
  readonly keys: readonly Key[];
  /** All stolen secrets, keyed by description. */
  readonly texts: Readonly<Record<string, string>>;
}

/** Another tenant plane, which must not be affected. */
interface Victim {
  readonly plane: ServingPlane;
  readonly tenant: TenantView;
  readonly entry: DesiredTenant;
  /** An unused bundle of this plane. */
  readonly unspent: InstallView;
  /** A tenant that is moving from this plane to another, and one that is moving to this plane. */
  readonly outgoing: Moving;
  readonly incoming: Moving;
}

export interface Moving {
  readonly tenant: TenantView;
  readonly jobId: string;
  readonly transfer: DesiredTransfer;
}

export interface Scene {
  readonly stack: TestStack;
  readonly ai: StandInAiProvider;
  readonly loot: Loot;
  readonly victim: Victim;
}

export async function open({ stack: start }: ProofContext): Promise<Scene> {
  const ai = await StandInAiProvider.start();
  const stack = await start({
    AI_PROVIDER_BASE_URL: ai.baseUrl,
    AI_PROVIDER_MODEL: 'stand-in',
    METRICS_TOKEN: 'a token for the scraper',
  });
  // The capacities leave room for exactly these tenants, so that each is placed in the intended cell.
  const thief = await ServingPlane.enrolled(stack, 1);
  const stolen = await thief.provisioned('stolen');
  const plane = await ServingPlane.enrolled(stack, 3);
  const [tenant, leaving] = [await plane.provisioned('staying'), await plane.provisioned('leaving')];
  const other = await ServingPlane.enrolled(stack, 3);
  const coming = await other.provisioned('coming');
  const outgoing = await moving(stack, leaving, plane, other);
  const incoming = await moving(stack, coming, other, plane);
  const [unspent, entry] = [await reissued(stack, plane.id), await plane.toldOf(tenant.id)];
  const victim = { plane, tenant, entry, unspent, outgoing, incoming };
  return { stack, ai, loot: await lootOf(stack, thief, stolen), victim };
}

async function lootOf(stack: TestStack, plane: ServingPlane, tenant: TenantView): Promise<Loot> {
  const { install, signed } = plane;
  await accepted(stack, `/api/tenant-planes/${plane.id}/rotate-secret`, { mode: 'routine' });
  const sealed = await eventually(async () => (await plane.pull(10))?.next_secret, {
    what: 'the next secret arrives',
  });
  const next = (await openNextSecret(sealed, [signed.secret])).reveal();
  const unspent = await reissued(stack, plane.id);
  const unused = unspent.env['INTERNAL_SERVICE_SECRET'] ?? '';
  const link = await accepted<{ token: string }>(stack, `/api/tenants/${tenant.id}/signup-link`);
  const texts = {
    'service secret': signed.secret,
    'next service secret': next,
    'unused service secret': unused,
    'used provisioning token': install.token,
    'provisioning token': unspent.token,
    'instance id': signed.instanceId,
    // A tenant plane issues its users' sessions itself, so the attacker can make up any session.
    session: `atu_${tenant.id}_${randomBytes(32).toString('base64url')}`,
    'sign-up token': link.token,
    'private key for transfers': plane.privateKey,
  };
  return { plane, tenant, keys: [signed.secret, next, unused].map(keyOf), texts };
}

async function moving(
  stack: TestStack,
  tenant: TenantView,
  source: ServingPlane,
  target: ServingPlane,
): Promise<Moving> {
  const body = { deployment_model: 'shared', tenant_plane_id: target.id };
  const { job } = await accepted<{ job: { id: string } }>(stack, `/api/tenants/${tenant.id}/move`, body);
  const { transfer } = await source.toldOf(tenant.id, (entry) => entry.transfer !== undefined);
  await target.toldOf(tenant.id);
  const opened = { tenant, jobId: job.id, transfer: transfer as DesiredTransfer };
  const { status, text } = await sendAs(
    source.signed.publicUrl,
    keyOf(source.signed.secret),
    partOf(opened, 1),
  );
  if (status !== 200) throw new Error(text);
  const isWaiting = async (): Promise<boolean> =>
    (await stack.api(`/api/provisioning-jobs/${job.id}`)).body['status'] === 'waiting';
  await eventually(isWaiting, { what: 'the move is waiting for the rest of the copy' });
  return opened;
}

/** A transfer part with a valid header and an invalid body. The Control Plane reads only the header. */
export function partOf({ transfer: { id } }: Pick<Moving, 'transfer'>, part: number): Call {
  const header = {
    transfer: id,
    attempt: 'only',
    part,
    kind: 'snapshot',
    changes: 0,
    alg: 'ECDH-ES',
    enc: 'A256GCM',
  };
  return {
    method: 'PUT',
    target: `${PLANE_PATHS.transfers}/${id}/parts/${part}`,
    body: `${Buffer.from(JSON.stringify(header)).toString('base64url')}..iv.text.tag`,
    type: TRANSFER_PART_TYPE,
  };
}

async function reissued(stack: TestStack, planeId: string): Promise<InstallView> {
  const path = `/api/tenant-planes/${planeId}/provisioning-tokens`;
  return (await accepted<{ install: InstallView }>(stack, path)).install;
}

async function accepted<T>(stack: TestStack, path: string, body: object = {}): Promise<T> {
  const answer = await stack.api<T>(path, { body });
  if (answer.status >= 300) throw new Error(`${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
  return answer.body;
}
