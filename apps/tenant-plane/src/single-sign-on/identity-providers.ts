import { isDeepStrictEqual } from 'node:util';
import { TenantDatabase, type TenantScope } from '@atlas/persistence';
import {
  Clock,
  DomainError,
  type SignOnClient,
  issuerProblem,
  signOnNotBegun,
  signOnNotConfigured,
  validationFailed,
  type ExpectedVersion,
} from '@atlas/platform';
import { plannedTenantUrl } from '@atlas/tenancy';
import {
  type IdentityProviderView,
  ConfigureIdentityProviderDto,
  type ProviderView,
} from '@atlas/tenant-api/identity-provider';
import { Injectable } from '@nestjs/common';
import { Audit } from '../audit/audit';
import { TenantPlaneConfig } from '../config/tenant-plane.config';
import { lockProvider, shareProvider, takeProvider } from '../credentials/identity-provider-locks';
import { IdentityProvider } from '../credentials/identity-provider.entity';
import { type Permission } from '../credentials/permission';
import { Sessions } from '../credentials/sessions';
import { type SignedInUser } from '../credentials/signed-in-user';
import { holdUpWrites, lockUsers } from '../credentials/user-locks';
import { Deployment } from '../plane-identity/deployment';
import { type Tenant } from '../tenancy/tenant.entity';

const KIND = 'oidc';

export const CONFIGURE_SIGN_IN: Permission = { name: 'sign_in:configure', from: 'admin' };

/** The identity providers of tenants. Each tenant has at most one. */
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
    return this.viewWith(tenant, provider);
  }

  /**
   * Disabling or replacing the provider revokes the sessions of all sign-ins through it, except the caller's.
   * Throws `changed_meanwhile`.
   */
  async configure(
    tenant: Tenant,
    by: SignedInUser,
    dto: ConfigureIdentityProviderDto,
    expected: ExpectedVersion<IdentityProviderView>,
  ): Promise<IdentityProviderView> {
    requireSensible(dto);
    await this.tenants.write(tenant.id, async (scope) => {
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
      await holdUpWrites(scope);
      const before = await takeProvider(scope, provider);
      const isLeft = before !== null && !(provider.isEnabled && isSameClient(before, provider));
      await this.requireAllowed(scope, by, isLeft);
      expected.require(this.viewWith(tenant, before));
      if (before && isDeepStrictEqual(viewOf(before), viewOf(provider))) return;
      if (before) await scope.put(IdentityProvider, [provider]);
      const ended = isLeft ? await this.sessions.endSingleSignOn(scope, by.sessionId) : 0;
      await this.note(scope, 'configured', before, { ...viewOf(provider), sessions_ended: ended });
    });
    return this.view(tenant);
  }

  /**
   * Revokes the sessions of all sign-ins through the provider, except the caller's. Throws
   * `changed_meanwhile`.
   */
  async remove(
    tenant: Tenant,
    by: SignedInUser,
    expected: ExpectedVersion<IdentityProviderView>,
  ): Promise<void> {
    await this.tenants.write(tenant.id, async (scope) => {
      await holdUpWrites(scope);
      const before = await lockProvider(scope);
      await this.requireAllowed(scope, by, before !== null);
      if (!before) throw new DomainError('not_found', 'not_found', 'This tenant has no identity provider.');
      expected.require(this.viewWith(tenant, before));
      await scope.delete(IdentityProvider, { kind: KIND });
      const ended = await this.sessions.endSingleSignOn(scope, by.sessionId);
      await this.note(scope, 'removed', before, { sessions_ended: ended });
    });
  }

  /** Whether users can sign in through the tenant's provider. */
  async isReady(tenant: Tenant): Promise<boolean> {
    const provider = await this.tenants.read(tenant.id, find);
    return provider !== null && provider.isEnabled && this.redirectUri(tenant) !== null;
  }

  /** The plane as a client of the tenant's provider. Throws `sign_on_not_configured`. */
  async clientOf(tenant: Tenant): Promise<SignOnClient> {
    const provider = await this.tenants.read(tenant.id, find);
    if (!provider?.isEnabled) throw notSetUp();
    const redirectUri = this.redirectUri(tenant);
    if (redirectUri === null)
      throw signOnNotConfigured("This plane's address is not known. Set TENANT_PLANE_PUBLIC_URL.");
    const { issuer, clientId } = provider;
    return { issuer, clientId, redirectUri, publicOnly: this.isGuestHere };
  }

  /**
   * Called when the user returns from the provider. Returns the provider, whose row stays locked until the
   * end of the transaction. Throws `sign_on_not_configured`. Throws `sign_on_not_begun` if the user returns
   * from a provider that has been replaced.
   */
  async requireStill(scope: TenantScope, client: SignOnClient): Promise<IdentityProvider> {
    const provider = await shareProvider(scope);
    if (!provider?.isEnabled) throw notSetUp();
    if (!isSameClient(provider, client)) throw signOnNotBegun();
    return provider;
  }

  /**
   * Checks the caller again, because a caller whose access was just revoked could otherwise use the new
   * configuration to get back in.
   */
  private async requireAllowed(scope: TenantScope, by: SignedInUser, endsSessions: boolean): Promise<void> {
    const locked = await (endsSessions
      ? this.sessions.lockSingleSignOn(scope, by.id)
      : lockUsers(scope, [by.id]));
    await this.sessions.requireCaller(scope, locked, by, CONFIGURE_SIGN_IN);
  }

  private viewWith(tenant: Tenant, provider: IdentityProvider | null): IdentityProviderView {
    return { provider: provider && viewOf(provider), redirect_uri: this.redirectUri(tenant) };
  }

  /** Derived from the plane's or the tenant's configured address, never from what a request claims. */
  private redirectUri({ slug }: Tenant): string | null {
    const { profile } = this.deployment;
    const base = profile.installRequired
      ? this.config.endpointUrl
      : plannedTenantUrl(slug, this.config.TENANT_BASE_DOMAIN);
    return base === undefined ? null : new URL('/api/auth/oidc/callback', base).href;
  }

  /**
   * Whether this plane runs outside the tenant's network. If so, an address entered by the tenant's admin
   * must be public.
   */
  private get isGuestHere(): boolean {
    return this.config.isProduction && this.deployment.profile.runBy.tenantPlane === 'atlas';
  }

  private note(
    scope: TenantScope,
    done: 'configured' | 'removed',
    before: IdentityProvider | null,
    after: Record<string, unknown>,
  ): Promise<void> {
    return this.audit.record(scope, {
      action: `identity_provider.${done}`,
      targetKind: 'identity_provider',
      targetId: KIND,
      ...(before && { before: { ...viewOf(before) } }),
      after,
    });
  }
}

function find(scope: TenantScope): Promise<IdentityProvider | null> {
  return scope.findOne(IdentityProvider, { kind: KIND });
}

function isSameClient(
  one: Pick<IdentityProvider, 'issuer' | 'clientId'>,
  other: Pick<IdentityProvider, 'issuer' | 'clientId'>,
): boolean {
  return one.issuer === other.issuer && one.clientId === other.clientId;
}

function notSetUp(): DomainError {
  return signOnNotConfigured(
    'Single sign-on is not set up for this tenant. Sign in with your email address and password.',
  );
}

function requireSensible({
  issuer,
  create_users: creates,
  email_domains: domains,
}: ConfigureIdentityProviderDto) {
  const problem = issuerProblem(issuer);
  if (problem) throw validationFailed([{ field: 'issuer', message: `issuer ${problem}` }]);
  if (creates && domains.length === 0) {
    const message =
      'email_domains must list the domains for which users may be created (required with create_users)';
    throw validationFailed([{ field: 'email_domains', message }]);
  }
}

function viewOf(provider: Omit<IdentityProvider, 'tenantId'>): ProviderView {
  const { issuer, clientId, isEnabled, createsUsers, defaultRole, emailDomains } = provider;
  return {
    issuer,
    client_id: clientId,
    enabled: isEnabled,
    create_users: createsUsers,
    default_role: defaultRole,
    email_domains: emailDomains,
  };
}
