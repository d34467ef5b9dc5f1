import {
  LoginDto,
  ChangePasswordDto,
  type ResetLink,
  ResetPasswordDto,
  type SignedIn,
} from '@atlas/operator-api';
import { Database, SignInThrottle, insertRow } from '@atlas/persistence';
import {
  Clock,
  DomainError,
  type FromCookies,
  PasswordChecks,
  currentContext,
  hashPassword,
} from '@atlas/platform';
import { credentialMatches, hashCredential, mintCredential, parseCredential } from '@atlas/service-auth';
import { Injectable } from '@nestjs/common';
import { type EntityManager, IsNull } from 'typeorm';
import { type OperatorCaller } from '../access/caller';
import { Audit } from '../audit/audit';
import { ControlPlaneConfig } from '../config/control-plane.config';
import { operatorEntry } from './account-audit';
import { issueOf } from './issued-links';
import { OperatorDevices } from './operator-devices';
import { checkCallerAgain, lockOperator, lockOperators, noSuchOperator } from './operator-lock';
import { OperatorResetLink } from './operator-reset-link.entity';
import { OperatorSessions } from './operator-sessions';
import { Operator } from './operator.entity';
import { requireOperator } from './operators';
import { requireGoodPassword } from './password-words';

const LINK_SECONDS = 24 * 3600;

/** Signs operators in with their passwords, and changes and resets passwords. */
@Injectable()
export class OperatorPasswords {
  constructor(
    private readonly database: Database,
    private readonly sessions: OperatorSessions,
    private readonly devices: OperatorDevices,
    private readonly throttle: SignInThrottle,
    private readonly checks: PasswordChecks,
    private readonly audit: Audit,
    private readonly clock: Clock,
    private readonly config: ControlPlaneConfig,
  ) {}

  /**
   * Does the same work and fails in the same way whether or not the
   * account exists. Throws `invalid_credentials` and `too_many_attempts`.
   */
  async signIn(dto: LoginDto & FromCookies): Promise<SignedIn> {
    const { email, password, device_token: token } = dto;
    const address = email.toLowerCase();
    const [operator, ownerOfDevice] = await this.database.read((manager) =>
      Promise.all([
        manager.findOneBy(Operator, { email: address, disabledAt: IsNull() }),
        this.devices.operatorOf(manager, token),
      ]),
    );
    const isOwnDevice = token !== undefined && ownerOfDevice !== null && ownerOfDevice === operator?.id;
    const attempt = { account: [address], deviceHash: isOwnDevice ? hashCredential(token) : null };
    await this.throttle.take(attempt);
    const isRight = await this.checks.matches(password, operator?.passwordHash ?? null);
    if (!operator || !isRight) throw invalidCredentials();
    await this.throttle.giveBack(attempt);
    return this.database.write(async (manager) => {
      const current = await this.sessions.lockSigningIn(manager, operator.id, dto);
      if (!isProvenStill(operator, current)) throw invalidCredentials();
      return {
        ...(await this.sessions.open(manager, current, 'password')),
        device_token: await this.devices.remember(manager, current.id, token),
      };
    });
  }

  /** Also revokes the caller's other sessions and reset links. */
  async change(caller: OperatorCaller, dto: ChangePasswordDto): Promise<void> {
    const { operatorId, sessionId } = caller;
    const { email, passwordHash: current } = await this.database.read((manager) =>
      requireOperator(manager, operatorId),
    );
    requireGoodPassword(dto.new_password, email, 'new_password');
    // Limits attempts, because someone who gains access to an
    // open session must not be able to guess the password.
    const attempt = { account: [operatorId], deviceHash: `session ${sessionId}` };
    await this.throttle.take(attempt);
    if (!(await this.checks.matches(dto.current_password, current))) throw wrongPassword();
    await this.throttle.giveBack(attempt);
    if (dto.new_password === dto.current_password) throw passwordUnchanged();
    const passwordHash = await hashPassword(dto.new_password);
    await this.database.write(async (manager) => {
      const operator = await lockOperator(manager, operatorId);
      await checkCallerAgain(manager, caller, this.clock);
      // The password has been changed in the meantime, perhaps to
      // lock this caller out, so knowing the old one proves nothing.
      if (operator.passwordHash !== current) throw wrongPassword();
      await this.setPassword(manager, operator, passwordHash);
      await this.sessions.endOthers(manager, operatorId, sessionId);
      await this.endLinks(manager, operatorId);
      await this.audit.record(manager, operatorEntry('operator.password_changed', operatorId));
    });
  }

  /**
   * Issues a link for choosing a new password, for an operator
   * who has none or has forgotten it. Revokes the previous link.
   */
  issueLink(caller: OperatorCaller, operatorId: string): Promise<ResetLink> {
    const { id, value } = mintCredential('aor');
    const token = value.reveal();
    const createdAt = this.clock.now();
    const until = new Date(createdAt.getTime() + LINK_SECONDS * 1000);
    return this.database.write(async (manager) => {
      const locked = await lockOperators(manager, [operatorId, caller.operatorId]);
      await checkCallerAgain(manager, caller, this.clock);
      const operator = locked.find((one) => one.id === operatorId);
      if (!operator) throw noSuchOperator();
      if (operator.disabledAt !== null) throw disabled();
      await this.endLinks(manager, operatorId);
      const issue = await issueOf(manager, caller, until);
      const row = { id, operatorId, secretHash: hashCredential(token), createdAt, endedAt: null };
      await insertRow(manager, OperatorResetLink, { ...row, ...issue });
      await this.audit.record(manager, operatorEntry('operator.reset_link_issued', operatorId, { link: id }));
      // Browsers do not send the fragment, so the token does not appear in any server's log.
      const url = new URL(`/reset-password#token=${token}`, this.config.CONTROL_PLANE_PUBLIC_URL);
      return { url: url.href, token, expires_at: issue.expiresAt };
    });
  }

  /**
   * Revokes all sessions and links, so that anyone who knew the old password is locked out. Records
   * the device as known, so that password guesses made elsewhere do not prevent a sign-in from it.
   */
  async reset({ token, password }: ResetPasswordDto): Promise<{ device_token: string }> {
    const id = parseCredential('aor', token)?.id;
    const link = id ? await this.database.read((manager) => findLink(manager, id)) : null;
    if (!link || !credentialMatches(token, link.secretHash)) throw invalidLink();
    // The transaction checks this again. The early check avoids hashing a password for an invalid link.
    if (link.endedAt !== null || link.expiresAt <= this.clock.now()) throw invalidLink();
    const { email } = await this.database.read((manager) => requireOperator(manager, link.operatorId));
    requireGoodPassword(password, email);
    const passwordHash = await hashPassword(password);
    return this.database.write(async (manager) => {
      const { operatorId, issuedBy } = link;
      // Locks the issuer too, because they may be losing the right to issue links at this moment.
      const locked = await lockOperators(manager, [operatorId, issuedBy ?? operatorId]);
      const operator = locked.find((one) => one.id === operatorId);
      const isLive =
        (await findLink(manager, link.id))?.endedAt === null && link.expiresAt > this.clock.now();
      if (!isLive || !operator || operator.disabledAt !== null) throw invalidLink();
      const context = currentContext();
      if (context) context.actor = { kind: 'operator', id: operatorId };
      await this.setPassword(manager, operator, passwordHash);
      await this.endLinks(manager, operatorId);
      await this.sessions.endOthers(manager, operatorId);
      await this.audit.record(
        manager,
        operatorEntry('operator.password_reset', operatorId, { link: link.id }),
      );
      return { device_token: await this.devices.remember(manager, operatorId, undefined) };
    });
  }

  private async setPassword(manager: EntityManager, operator: Operator, passwordHash: string): Promise<void> {
    const revocations = operator.revocations + 1;
    await manager.update(Operator, { id: operator.id }, { passwordHash, revocations });
  }

  private async endLinks(manager: EntityManager, operatorId: string): Promise<void> {
    const live = { operatorId, endedAt: IsNull() };
    await manager.update(OperatorResetLink, live, { endedAt: this.clock.now() });
  }
}

function findLink(manager: EntityManager, id: string): Promise<OperatorResetLink | null> {
  return manager.findOneBy(OperatorResetLink, { id });
}

/** Whether the operator may still sign in with a password that matched the earlier row `then`. */
function isProvenStill(then: Operator, { disabledAt, passwordHash, revocations }: Operator): boolean {
  return disabledAt === null && passwordHash === then.passwordHash && revocations === then.revocations;
}

function invalidCredentials(): DomainError {
  return new DomainError(
    'invalid_credentials',
    'unauthenticated',
    'The email address or password is incorrect.',
  );
}

function passwordUnchanged(): DomainError {
  const detail = 'The new password is the same as the current one. Choose a different one.';
  return new DomainError('password_unchanged', 'unprocessable', detail);
}

function wrongPassword(): DomainError {
  const detail = 'The current password is incorrect. If you have none, ask an owner for a reset link.';
  return new DomainError('wrong_password', 'forbidden', detail);
}

function disabled(): DomainError {
  return new DomainError(
    'operator_disabled',
    'conflict',
    'This operator is disabled. Enable the operator first.',
  );
}

function invalidLink(): DomainError {
  return new DomainError(
    'invalid_reset_link',
    'gone',
    'This link is no longer valid: it was used or replaced, it expired, or its issuer lost access. ' +
      'Ask an owner for a new one.',
  );
}
