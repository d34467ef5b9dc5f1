import { TenantDatabase, type TenantScope, violates } from '@atlas/persistence';
import {
  Clock,
  type DomainError,
  type FromCookies,
  NO_PASSWORD,
  type ProvenIdentity,
  type SignOnClient,
  currentContext,
  signOnUnknownAccount,
} from '@atlas/platform';
import { uuidv7 } from '@atlas/tenancy';
import { type SignedIn } from '@atlas/tenant-api/accounts';
import { Injectable, Logger } from '@nestjs/common';
import { Audit } from '../audit/audit';
import { type IdentityProvider } from '../credentials/identity-provider.entity';
import { Revocations } from '../credentials/revocations';
import { Sessions } from '../credentials/sessions';
import { UserIdentity } from '../credentials/user-identity.entity';
import { lockUnchanged } from '../credentials/user-locks';
import { UserTokens } from '../credentials/user-tokens';
import { NEW_USER, User } from '../credentials/user.entity';
import { Quotas } from '../entitlements/quotas';
import { type Tenant } from '../tenancy/tenant.entity';
import { IdentityProviders } from './identity-providers';

/**
 * If two first sign-ins race, the second violates one of these constraints. Its retry then finds what the
 * first has stored.
 */
const RACES = [
  { name: 'users_email_uq', table: 'users', columns: ['tenant_id', 'email'] },
  { name: 'user_identities_pk', table: 'user_identities', columns: ['tenant_id', 'user_id'] },
  {
    name: 'user_identities_subject_uq',
    table: 'user_identities',
    columns: ['tenant_id', 'issuer', 'subject'],
  },
];

/**
 * Signs in users through their tenant's identity provider. A verified email address is used only once, to
 * link the identity to a user. From then on, the provider's subject identifies the user.
 */
@Injectable()
export class UserSignOn {
  private readonly logger = new Logger(UserSignOn.name);

  constructor(
    private readonly tenants: TenantDatabase,
    private readonly providers: IdentityProviders,
    private readonly sessions: Sessions,
    private readonly revocations: Revocations,
    private readonly links: UserTokens,
    private readonly quotas: Quotas,
    private readonly audit: Audit,
    private readonly clock: Clock,
  ) {}

  /** Signs in the user that the identity from `prove` belongs to. Throws `sign_on_unknown_account`. */
  async signIn(
    tenant: Tenant,
    prove: (client: SignOnClient) => Promise<ProvenIdentity>,
    cookies: FromCookies,
  ): Promise<SignedIn> {
    const client = await this.providers.clientOf(tenant);
    // Read first, because it is known only at the end which user is signing in. A user whose access is
    // revoked in between is not admitted.
    const before = await this.tenants.read(tenant.id, (scope) => this.revocations.last(scope));
    const identity = await prove(client);
    const admit = (): Promise<SignedIn> =>
      this.tenants.write(tenant.id, async (scope) => {
        await this.sessions.endFormer(scope, cookies);
        // The provider may have been removed during the sign-in.
        const provider = await this.providers.requireStill(scope, client);
        return this.admit(scope, provider, identity, before);
      });
    return admit().catch((error: unknown) => {
      if (RACES.some((race) => violates(error, race))) return admit();
      throw error;
    });
  }

  /** Replaces the user's identity at another provider. */
  async link(scope: TenantScope, userId: string, { issuer, subject }: ProvenIdentity): Promise<void> {
    const before = await scope.findOne(UserIdentity, { userId });
    const identity = { issuer, subject, linkedAt: this.clock.now() };
    if (before) await scope.update(UserIdentity, { userId }, identity);
    else await scope.insert(UserIdentity, { userId, ...identity });
    await this.audit.record(scope, {
      action: 'user.sign_on_linked',
      targetKind: 'user',
      targetId: userId,
      ...(before && { before: { issuer: before.issuer, subject: before.subject } }),
      after: { issuer, subject },
    });
  }

  private async admit(
    scope: TenantScope,
    provider: IdentityProvider,
    identity: ProvenIdentity,
    before: number,
  ): Promise<SignedIn> {
    const { issuer, subject } = identity;
    const known = await scope.findOne(UserIdentity, { issuer, subject });
    const user = known ? await this.linked(scope, known) : await this.firstTime(scope, provider, identity);
    if (!user || user.credentialsEpoch > before) throw this.unknown(identity);
    setActor(user.id);
    await this.audit.record(scope, {
      action: 'user.signed_in',
      targetKind: 'user',
      targetId: user.id,
      after: { method: 'single_sign_on' },
    });
    return this.sessions.open(scope, user, { isSingleSignOn: true });
  }

  /** Null if the user has been linked to another identity in the meantime. */
  private async linked(scope: TenantScope, identity: UserIdentity): Promise<User | null> {
    const { userId, issuer, subject } = identity;
    const seen = await scope.findOne(User, { id: userId });
    const user = seen && (await lockUnchanged(scope, seen));
    return user && (await scope.exists(UserIdentity, { userId, issuer, subject })) ? user : null;
  }

  private async firstTime(
    scope: TenantScope,
    provider: IdentityProvider,
    identity: ProvenIdentity,
  ): Promise<User | null> {
    const { email, issuer } = identity;
    if (email === null) return null;
    const seen =
      (await scope.findOne(User, { email })) ?? (await this.create(scope, provider, email, identity.name));
    const user = seen && (await lockUnchanged(scope, seen));
    if (!user || user.invitationEndedAt) return null;
    // The address may belong to a different person by now, so a user who is already linked to this provider
    // stays linked as before.
    const linked = await scope.findOne(UserIdentity, { userId: user.id, issuer });
    // A user who is already linked is admitted here only if a concurrent attempt by the same person linked
    // them.
    if (linked) return linked.subject === identity.subject ? user : null;
    setActor(user.id);
    await this.link(scope, user.id, identity);
    if (user.invitedAt) await this.comeIn(scope, user);
    return user;
  }

  /** Accepts the invitation, and invalidates its link. */
  private async comeIn(scope: TenantScope, { id }: User): Promise<void> {
    await scope.update(User, { id }, { invitedAt: null });
    await this.links.revoke(scope, id, 'invite');
  }

  /**
   * Creates the user only if the tenant's admin allows it for the address's domain. Throws `quota_exceeded`.
   */
  private async create(
    scope: TenantScope,
    provider: IdentityProvider,
    email: string,
    name: string | null,
  ): Promise<User | null> {
    const domain = email.slice(email.lastIndexOf('@') + 1);
    if (!provider.createsUsers || !provider.emailDomains.includes(domain)) return null;
    const now = this.clock.now();
    const user: User = {
      ...NEW_USER,
      tenantId: scope.tenantId,
      id: uuidv7(now),
      email,
      name: name ?? email,
      role: provider.defaultRole,
      passwordHash: NO_PASSWORD,
      createdAt: now,
    };
    await this.quotas.requireRoom(scope, 'users');
    await scope.insert(User, user);
    setActor(user.id);
    const after = { email, role: user.role, issuer: provider.issuer };
    const entry = { action: 'user.created', targetKind: 'user', targetId: user.id, after };
    await this.audit.record(scope, entry);
    return user;
  }

  private unknown({ issuer, subject, email }: ProvenIdentity): DomainError {
    this.logger.warn({ msg: 'No user for this identity', issuer, subject, isVerified: email !== null });
    return signOnUnknownAccount(
      'No user of this tenant matches your account at the identity provider. Ask an admin of your ' +
        'tenant to invite your email address, which the provider must have verified.',
    );
  }
}

function setActor(id: string): void {
  const context = currentContext();
  if (context) context.actor = { kind: 'user', id };
}
