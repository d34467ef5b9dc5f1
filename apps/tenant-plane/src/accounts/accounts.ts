import {
  SignInThrottle,
  TenantDatabase,
  type TenantScope,
  insertIfAbsent,
  violates,
} from '@atlas/persistence';
import {
  Clock,
  DomainError,
  type FromCookies,
  PasswordChecks,
  hashPassword,
  NO_PASSWORD,
} from '@atlas/platform';
import { uuidv7 } from '@atlas/tenancy';
import {
  type SignedIn,
  SignupExchangeDto,
  RegisterDto,
  TokenDto,
  RefreshDto,
} from '@atlas/tenant-api/accounts';
import { type UserRole } from '@atlas/tenant-api/users';
import { Injectable } from '@nestjs/common';
import { Audit } from '../audit/audit';
import { TenantPlaneConfig } from '../config/tenant-plane.config';
import { shareProvider } from '../credentials/identity-provider-locks';
import { unauthenticated } from '../credentials/session-authentication';
import { claimedTenant, hashToken } from '../credentials/tenant-token';
import { Session } from '../credentials/session.entity';
import { Sessions } from '../credentials/sessions';
import { type SignedInUser } from '../credentials/signed-in-user';
import { holdUpWrites, lockUnchanged, lockUser } from '../credentials/user-locks';
import { WHERE_STATUS, statusOf } from '../credentials/user-status';
import { NEW_USER, User } from '../credentials/user.entity';
import { Deployment } from '../plane-identity/deployment';
import { requireStanding } from '../tenancy/tenant-standing';
import { type Tenant } from '../tenancy/tenant.entity';
import { Devices } from './devices';
import { requireGoodPassword } from './require-good-password';
import { SignIns } from './sign-ins';
import { type SignupToken, requireGood } from './signup-tokens';
import { UsedSignupToken } from './used-signup-token.entity';

/**
 * A second attempt to create the first user may violate both constraints. The database reports only one of
 * them.
 */
const FIRST_USER_RULES = [
  { name: 'users_first_uq', table: 'users', columns: ['tenant_id'] },
  { name: 'users_email_uq', table: 'users', columns: ['tenant_id', 'email'] },
];

/** Creates a tenant's first user, and signs users in and out. */
@Injectable()
export class Accounts {
  constructor(
    private readonly tenants: TenantDatabase,
    private readonly sessions: Sessions,
    private readonly signIns: SignIns,
    private readonly devices: Devices,
    private readonly throttle: SignInThrottle,
    private readonly passwords: PasswordChecks,
    private readonly audit: Audit,
    private readonly deployment: Deployment,
    private readonly config: TenantPlaneConfig,
    private readonly clock: Clock,
  ) {}

  /**
   * Creates the tenant's first admin with a token from the Control Plane, if the tenant has never had a user.
   */
  async exchangeSignup(
    tenant: Tenant,
    token: SignupToken,
    dto: SignupExchangeDto & FromCookies,
  ): Promise<SignedIn> {
    return this.createFirst(tenant, { ...dto, email: token.email.toLowerCase() }, async (scope, current) => {
      // The token may have been revoked since it was verified.
      requireGood(token, current);
      const used = { tenantId: tenant.id, jti: token.jti, usedAt: this.clock.now() };
      if (!(await insertIfAbsent(scope.manager, UsedSignupToken, used))) throw alreadySignedUp();
    });
  }

  /**
   * Registers the tenant's first user, if the deployment allows it. Works only with the email address of the
   * tenant's admin, and only while the tenant has no user.
   */
  async register(tenant: Tenant, dto: RegisterDto & FromCookies): Promise<SignedIn> {
    const email = dto.email.toLowerCase();
    if (!this.isRegistrationAllowed || email !== tenant.adminEmail) {
      throw new DomainError(
        'registration_closed',
        'forbidden',
        'Registration is closed. Use your sign-up link, or ask an admin of your tenant to invite you.',
      );
    }
    return this.createFirst(tenant, { ...dto, email }, async () => undefined);
  }

  /** Whether the tenant's admin may register now. */
  async isRegistrationOpen(tenant: Tenant): Promise<boolean> {
    return this.isRegistrationAllowed && !(await this.hasFirstUser(tenant));
  }

  /**
   * Does the same work and gives the same response whether or not the account exists. Throws
   * `invalid_credentials` and `too_many_attempts`.
   */
  async login(tenant: Tenant, dto: TokenDto & FromCookies): Promise<SignedIn> {
    const { email, password, device_token: token } = dto;
    const address = email.toLowerCase();
    const [user, ownerOfDevice] = await this.tenants.read(tenant.id, (scope) =>
      Promise.all([
        scope.findOne(User, { email: address, ...WHERE_STATUS.active }),
        this.devices.userOf(scope, token),
      ]),
    );
    const isOwnDevice = token !== undefined && ownerOfDevice !== null && ownerOfDevice === user?.id;
    const attempt = {
      account: [tenant.id, address],
      deviceHash: isOwnDevice ? hashToken(token) : null,
    };
    await this.throttle.take(attempt);
    const hash = user && user.passwordHash !== NO_PASSWORD ? user.passwordHash : null;
    if (!(await this.passwords.matches(password, hash)) || !user) throw invalidCredentials();
    await this.throttle.giveBack(attempt);
    return this.tenants.write(tenant.id, async (scope) => {
      await this.sessions.endFormer(scope, dto);
      const locked = await lockUnchanged(scope, user);
      if (!locked) throw invalidCredentials();
      return this.signIns.open(scope, locked, token);
    });
  }

  /**
   * Exchanges an unused refresh token for a new pair of tokens and revokes the old pair. A token that is used
   * twice may have been stolen. Nothing distinguishes the owner from the thief, so every session of that
   * sign-in is revoked.
   */
  async refresh(tenant: Tenant, { refresh_token: token }: RefreshDto): Promise<SignedIn> {
    if (claimedTenant('refresh', token) !== tenant.id) throw unauthenticated();
    const renewed = await this.tenants.write(tenant.id, async (scope) => {
      const refreshHash = hashToken(token);
      const seen = await scope.findOne(Session, { refreshHash });
      if (!seen) return null;
      // Locked so that removing the provider also revokes the new pair.
      if (seen.isSingleSignOn) await shareProvider(scope);
      const user = await lockUser(scope, seen.userId);
      const session = await scope.findOne(Session, { refreshHash });
      // Read after locking, because the token may have expired while this call waited.
      const now = this.clock.now();
      if (!user || !session || session.refreshExpiresAt <= now) return null;
      if (session.revokedAt) return session;
      await scope.update(Session, { id: session.id }, { revokedAt: now });
      if (statusOf(user) !== 'active') return null;
      const { familyId, isSingleSignOn } = session;
      return this.sessions.open(scope, user, { family: familyId ?? session.id, isSingleSignOn });
    });
    if (renewed && 'token' in renewed) return renewed;
    if (renewed) await this.endReused(tenant, renewed);
    throw unauthenticated();
  }

  /** Also revokes a session that a concurrent refresh is creating. */
  async logout(tenant: Tenant, { sessionId }: SignedInUser): Promise<void> {
    await this.tenants.write(tenant.id, async (scope) => {
      await holdUpWrites(scope);
      const session = await scope.findOne(Session, { id: sessionId });
      if (session) await this.sessions.endFamily(scope, session);
    });
  }

  /**
   * Uses a separate transaction. The refresh's own transaction already shares the tenant's lock, and could
   * take the lock exclusively only after all other transactions that share the lock had finished.
   */
  private endReused({ id }: Tenant, session: Session): Promise<void> {
    return this.tenants.write(id, async (scope) => {
      await holdUpWrites(scope);
      const ended = await this.sessions.endFamily(scope, session);
      // Reuse after a sign-out revokes nothing and is not recorded.
      if (ended === 0) return;
      const entry = { action: 'session.refresh_reused', targetKind: 'user', targetId: session.userId };
      await this.audit.record(scope, { ...entry, after: { sessions_ended: ended } });
    });
  }

  private get isRegistrationAllowed(): boolean {
    return this.config.ATLAS_ALLOW_REGISTER && this.deployment.profile.selfRegistrationAllowed;
  }

  private hasFirstUser({ id }: Tenant): Promise<boolean> {
    return this.tenants.read(id, (scope) => scope.exists(User, { isFirst: true }));
  }

  private async createFirst(
    tenant: Tenant,
    given: FromCookies & { email: string; name?: string; password: string },
    claim: (scope: TenantScope, current: Tenant) => Promise<void>,
  ): Promise<SignedIn> {
    const now = this.clock.now();
    const { email, name = email, password } = given;
    // Checked early, so that no password is hashed for a link that can no longer be used. The insert checks
    // again.
    if (await this.hasFirstUser(tenant)) throw alreadySignedUp();
    requireGoodPassword(password, tenant, email);
    const role: UserRole = 'admin';
    const passwordHash = await hashPassword(password);
    const user = {
      ...NEW_USER,
      tenantId: tenant.id,
      id: uuidv7(now),
      email,
      name,
      role,
      passwordHash,
      isFirst: true,
      createdAt: now,
    };
    try {
      return await this.tenants.write(tenant.id, async (scope) => {
        await this.sessions.endFormer(scope, given);
        await claim(scope, await requireStanding(scope));
        await scope.insert(User, user);
        return this.signIns.open(scope, user, given.device_token);
      });
    } catch (error) {
      throw FIRST_USER_RULES.some((rule) => violates(error, rule)) ? alreadySignedUp() : error;
    }
  }
}

function invalidCredentials(): DomainError {
  return new DomainError(
    'invalid_credentials',
    'unauthenticated',
    'The email address or password is incorrect.',
  );
}

function alreadySignedUp(): DomainError {
  return new DomainError(
    'already_signed_up',
    'conflict',
    'This tenant already has its first admin. Sign in, or ask that admin for an invitation.',
  );
}
