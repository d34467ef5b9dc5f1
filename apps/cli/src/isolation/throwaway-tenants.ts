import { randomBytes } from 'node:crypto';
import { type Ask, type Credentials, type Party, makeThings, subjectsOf } from '@atlas/isolation';
import { type AcceptedForTenant } from '@atlas/operator-api';
import { type Json } from '@atlas/platform';
import { type ControlPlaneClient } from '../control-plane/control-plane-client';
import { callJson } from '../control-plane/http-call';
import { type TenantView } from '../control-plane/views';
import { CommandFailure } from '../failure';
import { until } from '../stack/until';

const ACTIVE_SECONDS = 60;

/** Two tenants that exist only for a probe. */
export class ThrowawayTenants {
  private readonly made: TenantView[] = [];

  constructor(
    private readonly client: ControlPlaneClient,
    private readonly signal: AbortSignal,
  ) {}

  /** Returns two active tenants on the same tenant plane. Throws {@link CommandFailure}. */
  async make(): Promise<readonly [TenantView, TenantView]> {
    const word = randomBytes(4).toString('hex');
    const [own, other] = [
      await this.provision(`isolation-probe-${word}-a`),
      await this.provision(`isolation-probe-${word}-b`),
    ];
    if (own.endpoint_url !== null && own.endpoint_url === other.endpoint_url) return [own, other];
    throw new CommandFailure('The two tenants were placed on different tenant planes.', {
      code: 'different_planes',
      hint:
        'Pass sessions of two tenants on one plane, with --tenant-plane, --session-file and ' +
        '--other-session-file.',
    });
  }

  /** Signs up the tenant's first admin, and creates two objects of every kind that users can create. */
  async furnished({ id: tenantId, slug, url }: TenantView, planeUrl: string): Promise<Party> {
    const { token: signupToken } = await this.client.call('POST /api/tenants/:id/signup-link', {
      path: { id: tenantId },
    });
    const password = randomBytes(24).toString('base64url');
    const call = (session?: string): Ask => askAt(planeUrl, tenantId, this.signal, session);
    const exchange = { token: signupToken, password };
    const { token: session, user } = await call()<SignedIn>('/api/auth/signup-exchange', exchange);
    await makeThings(call(session), `canary-${randomBytes(8).toString('hex')}`);
    const login = { email: user.email, password };
    const { refresh_token: refreshToken } = await call()<SignedIn>('/api/auth/token', login);
    const credentials: Credentials = { ...login, refreshToken, signupToken };
    const host = url === null ? null : new URL(url).host;
    return { tenantId, slug, host, session, credentials, subjects: await subjectsOf(call(session)) };
  }

  /** Resolves to the tenants that could not be removed. */
  async remove(): Promise<TenantView[]> {
    const left: TenantView[] = [];
    for (const tenant of this.made)
      await this.client
        .call('POST /api/tenants/:id/deprovision', {
          path: { id: tenant.id },
          body: { confirm_slug: tenant.slug },
        })
        .catch(() => left.push(tenant));
    return left;
  }

  private async provision(slug: string): Promise<TenantView> {
    const answer = await this.client.call('POST /api/tenants/provision', {
      body: {
        name: `Isolation probe ${slug.slice(-1)}`,
        slug,
        deployment_model: 'shared',
        admin_email: `admin@${slug}.example.com`,
      },
    });
    const { tenant } = answer as Json<AcceptedForTenant>;
    this.made.push(tenant);
    const look = async (): Promise<TenantView | undefined> => {
      const now = await this.client.call('GET /api/tenants/:id_or_slug', { path: { id_or_slug: tenant.id } });
      return now.status === 'active' ? now : undefined;
    };
    const complaint = `Tenant ${slug} did not become active (see atlas tenant ${slug})`;
    return until(look, { signal: this.signal, seconds: ACTIVE_SECONDS, complaint });
  }
}

interface SignedIn {
  readonly token: string;
  readonly refresh_token: string;
  readonly user: { readonly email: string };
}

/** Calls a tenant plane on behalf of a tenant. */
export function askAt(planeUrl: string, tenant: string, signal: AbortSignal, session?: string): Ask {
  return (path, body) =>
    callJson({
      method: body ? 'POST' : 'GET',
      url: `${planeUrl}${path}`,
      body,
      signal,
      headers: { 'x-tenant-id': tenant, ...(session && { authorization: `Bearer ${session}` }) },
    });
}
