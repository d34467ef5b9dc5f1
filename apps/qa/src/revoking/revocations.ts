import { type Party, type Sender } from '@atlas/isolation';
import { type TestStack, eventually } from '@atlas/testing';
import { type CallerKind, type TenantCall } from '../writing/tenant-calls';

/** A way in which a call loses its right to write. */
export interface CallRevocation {
  readonly name: string;
  /** The callers that it concerns. */
  readonly of: readonly CallerKind[];
  /** Whether it ends the access of the tenant, not only of the caller. */
  readonly isOfTenant: boolean;
  /** Whether the call is refused afterwards. */
  refuses(call: TenantCall): Promise<boolean>;
  /** Ends when the revocation has been acknowledged. */
  revoke(call: TenantCall): Promise<void>;
}

/** Every way in which calls can lose their right to write. */
export function revocationsAt(stack: TestStack, sender: Sender): CallRevocation[] {
  const ask: Ask = async ({ slug, session }, method, path, body) => {
    const answer = await stack.tenant(slug, path, { session, method, body });
    if (answer.status >= 300) throw new Error(`${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
  };
  const refuses = (): Promise<boolean> => Promise.resolve(true);
  const ofCaller = { isOfTenant: false, refuses };
  return [
    {
      ...ofCaller,
      name: 'sign-out',
      of: ['user'],
      revoke: ({ caller }) => ask({ ...caller.owner, session: caller.session }, 'POST', '/api/auth/logout'),
    },
    {
      ...ofCaller,
      name: 'demotion',
      of: ['user'],
      refuses: (call) => isRefusedToRequesters(sender, call),
      revoke: ({ caller }) => ask(caller.owner, 'PATCH', caller.path, { role: 'requester' }),
    },
    {
      ...ofCaller,
      name: 'deactivation',
      of: ['user'],
      revoke: ({ caller }) => ask(caller.owner, 'PATCH', caller.path, { deactivated: true }),
    },
    {
      ...ofCaller,
      name: 'removal of the key',
      of: ['key'],
      revoke: ({ caller }) => ask(caller.owner, 'DELETE', caller.path),
    },
    {
      name: 'suspension',
      of: ['user', 'key', 'nobody'],
      isOfTenant: true,
      refuses,
      revoke: ({ tenantId, caller }) => suspended(stack, tenantId, caller.owner),
    },
  ];
}

type Ask = (
  by: Pick<Party, 'slug' | 'session'>,
  method: string,
  path: string,
  body?: object,
) => Promise<void>;

/**
 * Suspends a tenant, and waits until its plane refuses its users. Does nothing if they are refused already.
 */
async function suspended(stack: TestStack, tenantId: string, { slug, session }: Party): Promise<void> {
  const isRefused = async (): Promise<boolean> =>
    (await stack.tenant(slug, '/api/auth/me', { session })).status === 403;
  if (await isRefused()) return;
  const { status, body } = await stack.api(`/api/tenants/${tenantId}/suspend`, { body: {} });
  if (status >= 300 && status !== 409) throw new Error(`suspend: ${status} ${JSON.stringify(body)}`);
  await eventually(isRefused, { what: `${slug} is suspended` });
}

/** Whether a user with the least powerful role may not make the call. */
async function isRefusedToRequesters(sender: Sender, { request, caller }: TenantCall): Promise<boolean> {
  const headers = { ...request.headers, authorization: `Bearer ${caller.requester}` };
  return (await sender.send({ ...request, headers })).status === 403;
}
