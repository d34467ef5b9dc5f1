import { TenantDatabase, type TenantScope, insertIfAbsent, together, violates } from '@atlas/persistence';
import {
  Clock,
  DomainError,
  currentContext,
  hashPassword,
  passwordMatches,
  pretendToCheck,
} from '@atlas/platform';
import { uuidv7 } from '@atlas/tenancy';
import { Injectable } from '@nestjs/common';
import { IsNull } from 'typeorm';
import { Audit } from '../audit/audit.service';
import { Deployment } from '../deployment/deployment';
import { TenantPlaneConfig } from '../tenant-plane.config';
import { type SignedInUser } from '../tenancy/request-tenant';
import { type Tenant } from '../tenancy/tenant.entity';
import { type RefreshDto, type RegisterDto, type SignupExchangeDto } from './accounts.dto';
import { type UserRole } from './permissions';
import { unauthenticated } from './session-authentication';
import { claimedTenant, hashToken } from './session-token';
import { Session } from './session.entity';
import { Sessions, type SignedIn } from './sessions';
import { type SignupClaims } from '@atlas/plane-contract';
import { UsedSignupToken } from './used-signup-token.entity';
import { User } from './user.entity';

/** Whichever the database looks at first. */
const FIRST_USER_RULES = [
  { name: 'users_first_uq', table: 'users', columns: ['tenant_id'] },
  { name: 'users_email_uq', table: 'users', columns: ['tenant_id', 'email'] },
];

/** A tenant's users and how they get in. */
@Injectable()
export class Accounts {
  constructor(
    private readonly tenants: TenantDatabase,
    private readonly sessions: Sessions,
    private readonly audit: Audit,
    private readonly deployment: Deployment,
    private readonly config: TenantPlaneConfig,
    private readonly clock: Clock,
  ) {}

  /** The first admin: with a token of the Control Plane, while the tenant never had a user. */
  async exchangeSignup(tenant: Tenant, claims: SignupClaims, dto: SignupExchangeDto): Promise<SignedIn> {
    const passwordHash = await hashPassword(dto.password);
    return this.createFirst(
      tenant,
      { email: claims.email.toLowerCase(), name: dto.name, passwordHash },
      async (scope) => {
        const used = { tenantId: tenant.id, jti: claims.jti, usedAt: this.clock.now() };
        if (!(await insertIfAbsent(scope.manager, UsedSignupToken, used))) throw alreadySignedUp();
      },
    );
  }

  /** Where an install may be opened by hand: the tenant's own admin address, while there is no user. */
  async register(tenant: Tenant, dto: RegisterDto): Promise<SignedIn> {
    const isOpen = this.config.ATLAS_ALLOW_REGISTER && this.deployment.profile.selfRegistrationAllowed;
    if (!isOpen || dto.email.toLowerCase() !== tenant.adminEmail) {
      throw new DomainError(
        'registration_closed',
        'forbidden',
        'Nobody registers here. Use your sign-up link, or ask an admin of your tenant to invite you.',
      );
    }
    const passwordHash = await hashPassword(dto.password);
    return this.createFirst(
      tenant,
      { email: dto.email.toLowerCase(), name: dto.name, passwordHash },
      async () => undefined,
    );
  }

  async login(tenant: Tenant, email: string, password: string): Promise<SignedIn> {
    const user = await this.tenants.read(tenant.id, (scope) =>
      scope.findOne(User, { email: email.toLowerCase(), deactivatedAt: IsNull() }),
    );
    const isKnown = user
      ? await passwordMatches(password, user.passwordHash)
      : await pretendToCheck(password);
    if (!user || !isKnown) {
      throw new DomainError('invalid_credentials', 'unauthenticated', 'E-mail address or password is wrong.');
    }
    return this.tenants.write(tenant.id, async (scope) => this.signIn(scope, user));
  }

  /** A new pair for an unused refresh token; the old pair ends. */
  async refresh(tenant: Tenant, { refresh_token: token }: RefreshDto): Promise<SignedIn> {
    if (claimedTenant('refresh', token) !== tenant.id) throw unauthenticated();
    return this.tenants.write(tenant.id, async (scope) => {
      const session = await scope.findOne(Session, { refreshHash: hashToken(token), revokedAt: IsNull() });
      const now = this.clock.now();
      if (!session || session.refreshExpiresAt <= now) throw unauthenticated();
      const isOurs = await scope.update(Session, { id: session.id, revokedAt: IsNull() }, { revokedAt: now });
      const user = await scope.findOne(User, { id: session.userId, deactivatedAt: IsNull() });
      if (!isOurs || !user) throw unauthenticated();
      return this.sessions.open(scope, user);
    });
  }

  async logout(tenant: Tenant, user: SignedInUser): Promise<void> {
    await this.tenants.write(tenant.id, (scope) =>
      scope.update(Session, { id: user.sessionId }, { revokedAt: this.clock.now() }),
    );
  }

  private async createFirst(
    tenant: Tenant,
    given: { email: string; name: string | undefined; passwordHash: string },
    claim: (scope: TenantScope) => Promise<void>,
  ): Promise<SignedIn> {
    const now = this.clock.now();
    const { email, name = email, passwordHash } = given;
    const role: UserRole = 'admin';
    const user = {
      tenantId: tenant.id,
      id: uuidv7(now),
      email,
      name,
      role,
      passwordHash,
      isFirst: true,
      createdAt: now,
      deactivatedAt: null,
    };
    try {
      return await this.tenants.write(tenant.id, async (scope) => {
        await claim(scope);
        await scope.insert(User, user);
        return this.signIn(scope, user);
      });
    } catch (error) {
      throw FIRST_USER_RULES.some((rule) => violates(error, rule)) ? alreadySignedUp() : error;
    }
  }

  private async signIn(scope: TenantScope, user: User): Promise<SignedIn> {
    const context = currentContext();
    if (context) context.actor = { kind: 'user', id: user.id };
    const entry = { action: 'user.signed_in', targetKind: 'user', targetId: user.id };
    const [signedIn] = await together([this.sessions.open(scope, user), this.audit.record(scope, entry)]);
    return signedIn;
  }
}

function alreadySignedUp(): DomainError {
  return new DomainError(
    'already_signed_up',
    'conflict',
    'This tenant has its first admin already. Sign in, or ask that admin for an invitation.',
  );
}
