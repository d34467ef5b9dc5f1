import { type Allowance, TenantDatabase, type TenantScope, Throttle, violates } from '@atlas/persistence';
import { Clock, type FromCookies, hashPassword, NO_PASSWORD } from '@atlas/platform';
import { uuidv7 } from '@atlas/tenancy';
import { type SignedIn, type Invitation, SignupExchangeDto } from '@atlas/tenant-api/accounts';
import { InviteDto } from '@atlas/tenant-api/users';
import { Injectable } from '@nestjs/common';
import { Audit } from '../audit/audit';
import { WRITE_USERS } from '../credentials/permission';
import { Revocations } from '../credentials/revocations';
import { Sessions } from '../credentials/sessions';
import { type SignedInUser } from '../credentials/signed-in-user';
import { lockUsers } from '../credentials/user-locks';
import { statusOf, takesPlace } from '../credentials/user-status';
import { UserTokens } from '../credentials/user-tokens';
import { NEW_USER, User } from '../credentials/user.entity';
import { Quotas } from '../entitlements/quotas';
import { InviteMail } from '../mail/invite.mail';
import { Mails } from '../mail/mails';
import { TenantUrls } from '../tenancy/tenant-urls';
import { type Tenant } from '../tenancy/tenant.entity';
import { requireGoodPassword } from './require-good-password';
import { SignIns } from './sign-ins';
import { userExists } from './user.errors';
import { userDetails } from './user.view';

const EMAIL_RULE = { name: 'users_email_uq', table: 'users', columns: ['tenant_id', 'email'] };

const HOUR = { windowSeconds: 3600, isStrict: false };
const BY_ONE: Allowance = {
  name: 'invitation by',
  limit: 20,
  ...HOUR,
  refusal: 'You have reached your limit of 20 invitations per hour.',
};
const BY_TENANT: Allowance = {
  name: 'invitation of',
  limit: 50,
  ...HOUR,
  refusal: 'This tenant has reached its limit of 50 invitations per hour.',
};
/** Prevents anyone from flooding a mailbox. */
const TO_ONE: Allowance = {
  name: 'invitation to',
  limit: 3,
  windowSeconds: 24 * 3600,
  isStrict: true,
  refusal: 'This address has reached its limit of three invitations per day.',
};

/** Invites users. Every user after the first joins by invitation or through single sign-on. */
@Injectable()
export class Invitations {
  constructor(
    private readonly tenants: TenantDatabase,
    private readonly tokens: UserTokens,
    private readonly signIns: SignIns,
    private readonly throttle: Throttle,
    private readonly sessions: Sessions,
    private readonly revocations: Revocations,
    private readonly mails: Mails,
    private readonly urls: TenantUrls,
    private readonly quotas: Quotas,
    private readonly audit: Audit,
    private readonly clock: Clock,
  ) {}

  /**
   * Can be repeated until the invitation is accepted. A repeat may change the role and name, and invalidates
   * the previous link. Throws `user_exists`, `quota_exceeded` and `too_many_attempts`.
   */
  async invite(tenant: Tenant, by: SignedInUser, dto: InviteDto): Promise<Invitation> {
    const email = dto.email.toLowerCase();
    try {
      return await this.tenants.write(tenant.id, async (scope) => {
        // Counted in this transaction, so an invitation that fails or exceeds one limit counts towards no
        // limit. The fixed order prevents deadlocks.
        await this.throttle.take(BY_ONE, [tenant.id, by.id]);
        await this.throttle.take(BY_TENANT, [tenant.id]);
        await this.throttle.take(TO_ONE, [tenant.id, email]);
        const [user, inviter] = await this.invited(scope, by, { ...dto, email });
        const { id: targetId, role } = user;
        const entry = { action: 'user.invited', targetKind: 'user', targetId, after: { email, role } };
        await this.audit.record(scope, entry);
        const url = await this.link(scope, tenant, user, inviter);
        return { user: userDetails(user), expires_at: this.tokens.expiryOf('invite'), ...(url && { url }) };
      });
    } catch (error) {
      throw violates(error, EMAIL_RULE) ? userExists() : error;
    }
  }

  /** Throws `invalid_link`. */
  async accept(tenant: Tenant, dto: SignupExchangeDto & FromCookies): Promise<SignedIn> {
    const { token, password, name } = dto;
    const { email } = await this.tenants.read(tenant.id, (scope) =>
      this.tokens.userOf(scope, token, 'invite'),
    );
    requireGoodPassword(password, tenant, email);
    const passwordHash = await hashPassword(password);
    return this.tenants.write(tenant.id, async (scope) => {
      await this.sessions.endFormer(scope, dto);
      const user = await this.tokens.redeem(scope, token, 'invite');
      const changes = { passwordHash, invitedAt: null, name: name ?? user.name };
      await scope.update(User, { id: user.id }, changes);
      return this.signIns.open(scope, { ...user, ...changes }, dto.device_token);
    });
  }

  private async invited(
    scope: TenantScope,
    by: SignedInUser,
    { email, role, name }: InviteDto,
  ): Promise<readonly [user: User, inviter: User]> {
    const now = this.clock.now();
    const invitation = { invitedAt: now, invitedBy: by.id, invitationEndedAt: null };
    const seen = await scope.findOne(User, { email });
    const locked = await lockUsers(scope, [by.id, ...(seen ? [seen.id] : [])]);
    const inviter = await this.sessions.requireCaller(scope, locked, by, WRITE_USERS);
    const known = locked.find(({ id }) => id === seen?.id);
    if (known) {
      if (statusOf(known) !== 'invited') throw userExists();
      const changes = { role, name: name ?? known.name, ...invitation };
      if (!takesPlace(known)) await this.quotas.requireRoom(scope, 'users');
      await scope.update(User, { id: known.id }, changes);
      return [{ ...known, ...changes }, inviter];
    }
    const user = {
      ...NEW_USER,
      tenantId: scope.tenantId,
      id: uuidv7(now),
      email,
      name: name ?? email,
      role,
      passwordHash: NO_PASSWORD,
      createdAt: now,
      ...invitation,
    };
    await this.quotas.requireRoom(scope, 'users');
    await scope.insert(User, user);
    return [user, inviter];
  }

  /**
   * Invalidates the previous link immediately. If mail is configured, the new link is created when the email
   * is sent.
   */
  private async link(scope: TenantScope, tenant: Tenant, user: User, inviter: User): Promise<string | null> {
    const { id } = user;
    if (!this.mails.isOn) return this.urls.invitation(tenant, await this.tokens.mint(scope, id, 'invite'));
    await this.tokens.revoke(scope, id, 'invite');
    const deactivations = await this.revocations.deactivations(scope, inviter);
    await this.mails.add(scope, 'invite', InviteMail.subject(user, inviter, deactivations));
    return null;
  }
}
