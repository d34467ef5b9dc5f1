import { isDeepStrictEqual } from 'node:util';
import { TenantDatabase, type TenantScope } from '@atlas/persistence';
import {
  Clock,
  DomainError,
  type SignOnClient,
  issuerProblem,
  signOnNotConfigured,
  validationFailed,
} from '@atlas/platform';
import { plannedTenantUrl } from '@atlas/tenancy';
import { Injectable } from '@nestjs/common';
import { Sessions } from '../accounts/sessions';
import { lockUsers } from '../accounts/user-locks';
import { Audit } from '../audit/audit.service';
import { Deployment } from '../deployment/deployment';
import { TenantPlaneConfig } from '../tenant-plane.config';
import { type SignedInUser } from '../tenancy/request-tenant';
import { type Tenant } from '../tenancy/tenant.entity';
import { type ConfigureIdentityProviderDto } from './identity-provider.dto';
import { type GrantableRole, IdentityProvider } from './identity-provider.entity';

const KIND = 'oidc';

interface ProviderView {
  readonly issuer: string;
  readonly client_id: string;
  readonly enabled: boolean;
  readonly create_users: boolean;
  readonly default_role: GrantableRole;
  readonly email_domains: readonly string[];
}

export interface IdentityProviderView {
  readonly provider: ProviderView | null;
  /** To be registered at the provider, letter by letter. */
  readonly redirect_uri: string | null;
}

/** The one identity provider that a tenant may have. */
@Injectable()
export class IdentityProviders {
  constructor(
    private readonly tenants: TenantDatabase,
    private readonly sessions: Sessions,
    private readonly deployment: Deployment,
    private readonly config: TenantPlaneConfig,
    private readonly audit: Audit,
    private readonly clock: Clock,
  ) {}

  async view(tenant: Tenant): Promise<IdentityProviderView> {
    const provider = await this.tenants.read(tenant.id, find);
    return { provider: provider && viewOf(provider), redirect_uri: this.redirectUri(tenant) };
  }

  async configure(
    tenant: Tenant,
    by: SignedInUser,
    dto: ConfigureIdentityProviderDto,
  ): Promise<IdentityProviderView> {
    requireSensible(dto);
    await this.tenants.write(tenant.id, async (scope) => {
      await this.requireStillAllowed(scope, by);
      const before = await find(scope);
      const provider = {
        kind: KIND,
        issuer: dto.issuer,
        clientId: dto.client_id,
        isEnabled: dto.enabled,
        createsUsers: dto.create_users,
        defaultRole: dto.default_role,
        emailDomains: dto.email_domains,
        changedAt: this.clock.now(),
      } as const;
      if (before && isDeepStrictEqual(viewOf(before), viewOf(provider))) return;
      await scope.put(IdentityProvider, [provider]);
      await this.note(scope, 'configured', before, provider);
    });
    return this.view(tenant);
  }

  async remove(tenant: Tenant, by: SignedInUser): Promise<void> {
    await this.tenants.write(tenant.id, async (scope) => {
      await this.requireStillAllowed(scope, by);
      const before = await find(scope);
      if (!before) throw new DomainError('not_found', 'not_found', 'There is no identity provider.');
      await scope.delete(IdentityProvider, { kind: KIND });
      await this.note(scope, 'removed', before, null);
    });
  }

  /** How the tenant's provider knows us. Throws `sign_on_not_configured`. */
  async clientOf(tenant: Tenant): Promise<SignOnClient> {
    const provider = await this.tenants.read(tenant.id, find);
    if (!provider?.isEnabled)
      throw signOnNotConfigured(
        'Single sign-on is not set up here: sign in with e-mail address and password.',
      );
    const redirectUri = this.redirectUri(tenant);
    if (redirectUri === null)
      throw signOnNotConfigured("This plane's own address is not known: set TENANT_PLANE_PUBLIC_URL.");
    const { issuer, clientId } = provider;
    return { issuer, clientId, redirectUri, publicOnly: this.isGuestHere };
  }

  /** As it stands when the user comes back: it may have been changed since. */
  current(scope: TenantScope): Promise<IdentityProvider | null> {
    return find(scope);
  }

  /** Whoever says who signs in users could let themselves in again. */
  private async requireStillAllowed(scope: TenantScope, by: SignedInUser): Promise<void> {
    await this.sessions.requireCaller(scope, await lockUsers(scope, [by.id]), by, 'sign_in:configure');
  }

  /** The tenant's own address, as it was planned: never what a request says of itself. */
  private redirectUri({ slug }: Tenant): string | null {
    const { profile } = this.deployment;
    const base = profile.installRequired
      ? this.config.endpointUrl
      : plannedTenantUrl(slug, this.config.TENANT_BASE_DOMAIN);
    return base === undefined ? null : new URL('/api/auth/oidc/callback', base).href;
  }

  /** Whether the tenant's admin names an address that we ask in a network which is not theirs. */
  private get isGuestHere(): boolean {
    return this.config.isProduction && this.deployment.profile.runBy.tenantPlane === 'atlas';
  }

  private note(
    scope: TenantScope,
    done: 'configured' | 'removed',
    before: IdentityProvider | null,
    after: Omit<IdentityProvider, 'tenantId'> | null,
  ): Promise<void> {
    return this.audit.record(scope, {
      action: `identity_provider.${done}`,
      targetKind: 'identity_provider',
      targetId: KIND,
      ...(before && { before: { ...viewOf(before) } }),
      ...(after && { after: { ...viewOf(after) } }),
    });
  }
}

function find(scope: TenantScope): Promise<IdentityProvider | null> {
  return scope.findOne(IdentityProvider, { kind: KIND });
}

function requireSensible({
  issuer,
  create_users: creates,
  email_domains: domains,
}: ConfigureIdentityProviderDto) {
  const problem = issuerProblem(issuer);
  if (problem) throw validationFailed([{ field: 'issuer', message: `issuer ${problem}` }]);
  if (creates && domains.length === 0) {
    const message = 'email_domains must name those whose addresses become users (required with create_users)';
    throw validationFailed([{ field: 'email_domains', message }]);
  }
}

function viewOf(provider: Omit<IdentityProvider, 'tenantId'>): ProviderView {
  const { issuer, clientId, isEnabled, createsUsers, defaultRole, emailDomains } = provider;
  return {
    ...{ issuer, client_id: clientId, enabled: isEnabled, create_users: createsUsers },
    ...{ default_role: defaultRole, email_domains: emailDomains },
  };
}
