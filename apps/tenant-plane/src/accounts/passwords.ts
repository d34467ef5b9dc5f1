import { type Allowance, TenantDatabase, type TenantScope, Throttle, together } from '@atlas/persistence';
import {
  DomainError,
  type FromCookies,
  PasswordChecks,
  currentContext,
  hashPassword,
  NO_PASSWORD,
} from '@atlas/platform';
import {
  ResetPasswordDto,
  ChangePasswordDto,
  type SignedIn,
  ForgotPasswordDto,
} from '@atlas/tenant-api/accounts';
import { Injectable } from '@nestjs/common';
import { Audit } from '../audit/audit';
import { Revocations } from '../credentials/revocations';
import { unauthenticated } from '../credentials/session-authentication';
import { Sessions } from '../credentials/sessions';
import { type SignedInUser } from '../credentials/signed-in-user';
import { holdUpWrites, lockUnchanged } from '../credentials/user-locks';
import { WHERE_STATUS } from '../credentials/user-status';
import { UserTokens } from '../credentials/user-tokens';
import { User } from '../credentials/user.entity';
import { Mails } from '../mail/mails';
import { requireStanding } from '../tenancy/tenant-standing';
import { type Tenant } from '../tenancy/tenant.entity';
import { requireGoodPassword } from './require-good-password';
import { SignIns } from './sign-ins';

const WINDOW_SECONDS = 15 * 60;
/** Prevents anyone from flooding a mailbox. Further requests get the usual response, but no email is sent. */
const MAILS_TO_ONE: Allowance = {
  name: 'password mail to',
  limit: 3,
  windowSeconds: WINDOW_SECONDS,
  isStrict: true,
};
const MAILS_FROM_ONE: Allowance = {
  name: 'password mail from',
  limit: 20,
  windowSeconds: WINDOW_SECONDS,
  isStrict: false,
};
/** Someone at an unattended session must not be able to guess the password. */
const CHECKS_BY_SESSIONS: Allowance = {
  name: 'password change of',
  limit: 10,
  windowSeconds: WINDOW_SECONDS,
  isStrict: true,
};

/** Resets and changes passwords. */
@Injectable()
export class Passwords {
  constructor(
    private readonly tenants: TenantDatabase,
    private readonly tokens: UserTokens,
    private readonly sessions: Sessions,
    private readonly revocations: Revocations,
    private readonly signIns: SignIns,
    private readonly checks: PasswordChecks,
    private readonly throttle: Throttle,
    private readonly mails: Mails,
    private readonly audit: Audit,
  ) {}

  /**
   * Behaves the same for every address. Whether the address belongs to a user is checked when the email is
   * sent. No link is sent if that user's access has been revoked by then. Throws `too_many_attempts`.
   */
  async forgot(tenant: Tenant, { email }: ForgotPasswordDto): Promise<void> {
    const address = email.toLowerCase();
    await this.throttle.takeFromClient(MAILS_FROM_ONE);
    if (!(await this.throttle.isTaken(MAILS_TO_ONE, [tenant.id, address]))) return;
    await this.tenants.write(tenant.id, async (scope) => {
      const [, user] = await together([
        requireStanding(scope),
        scope.findOne(User, { email: address, ...WHERE_STATUS.active }),
      ]);
      const epoch = String(user?.credentialsEpoch ?? 0);
      await this.mails.add(scope, 'reset', { email: address, epoch });
    });
  }

  /** Revokes all of the user's sessions and then signs the caller in. Throws `invalid_link`. */
  async reset(tenant: Tenant, dto: ResetPasswordDto & FromCookies): Promise<SignedIn> {
    const { token, password, device_token } = dto;
    const { email } = await this.tenants.read(tenant.id, (scope) =>
      this.tokens.userOf(scope, token, 'reset'),
    );
    requireGoodPassword(password, tenant, email);
    const passwordHash = await hashPassword(password);
    return this.tenants.write(tenant.id, async (scope) => {
      await holdUpWrites(scope);
      const user = await this.tokens.redeem(scope, token, 'reset');
      const context = currentContext();
      if (context) context.actor = { kind: 'user', id: user.id };
      await this.set(scope, user, passwordHash, 'user.password_reset');
      await this.sessions.endFormer(scope, dto);
      return this.signIns.open(scope, user, device_token);
    });
  }

  /**
   * Revokes the user's other sessions. Throws `wrong_password`, `password_unchanged` and `too_many_attempts`.
   */
  async change(tenant: Tenant, by: SignedInUser, dto: ChangePasswordDto): Promise<void> {
    const { current_password: current, new_password: wanted } = dto;
    requireGoodPassword(wanted, tenant, by.email, 'new_password');
    await this.throttle.take(CHECKS_BY_SESSIONS, [tenant.id, by.id]);
    const user = await this.tenants.read(tenant.id, (scope) => scope.findOne(User, { id: by.id }));
    if (!user || user.passwordHash === NO_PASSWORD) throw unauthenticated();
    if (!(await this.checks.matches(current, user.passwordHash))) throw wrongPassword();
    await this.throttle.giveBack(CHECKS_BY_SESSIONS, [tenant.id, by.id]);
    if (wanted === current) throw passwordUnchanged();
    const passwordHash = await hashPassword(wanted);
    await this.tenants.write(tenant.id, async (scope) => {
      await holdUpWrites(scope);
      const locked = await lockUnchanged(scope, user);
      await this.sessions.requireCaller(scope, [locked ?? user], by);
      if (!locked) throw wrongPassword();
      await this.set(scope, locked, passwordHash, 'user.password_changed', by.sessionId);
    });
  }

  private async set(
    scope: TenantScope,
    user: User,
    passwordHash: string,
    action: string,
    keptSession?: string,
  ): Promise<void> {
    const ended = await this.revocations.revoke(scope, user, { passwordHash }, keptSession);
    const after = { sessions_ended: ended };
    await this.audit.record(scope, { action, targetKind: 'user', targetId: user.id, after });
    await this.mails.add(scope, 'password_changed', { user_id: user.id });
  }
}

function wrongPassword(): DomainError {
  return new DomainError('wrong_password', 'forbidden', 'That is not your current password.');
}

function passwordUnchanged(): DomainError {
  return new DomainError(
    'password_unchanged',
    'unprocessable',
    'The new password is the same as the current one, so nothing was changed. Choose a different one.',
  );
}
