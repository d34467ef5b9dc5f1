import { type SessionView, type SignedIn } from '@atlas/operator-api';
import { Database, insertRow } from '@atlas/persistence';
import { Clock, DomainError, type FromCookies, currentContext } from '@atlas/platform';
import { hashCredential, mintCredential, parseCredential } from '@atlas/service-auth';
import { Injectable } from '@nestjs/common';
import { type EntityManager, IsNull, MoreThan, Not } from 'typeorm';
import { type OperatorCaller } from '../access/caller';
import { Audit } from '../audit/audit';
import { operatorEntry } from './account-audit';
import { checkCallerAgain, lockOperator, lockOperators, noSuchOperator } from './operator-lock';
import { OperatorSession } from './operator-session.entity';
import { type Operator } from './operator.entity';
import { operatorView } from './operator.view';
import { SESSION_SECONDS, isIdle } from './session-limits';

@Injectable()
export class OperatorSessions {
  constructor(
    private readonly database: Database,
    private readonly clock: Clock,
    private readonly audit: Audit,
  ) {}

  /** Creates a session for an operator who has proven their identity. */
  async open(manager: EntityManager, operator: Operator, method: SessionView['method']): Promise<SignedIn> {
    const context = currentContext();
    if (context) context.actor = { kind: 'operator', id: operator.id };
    const { id, value } = mintCredential('aos');
    const now = this.clock.now();
    const expiresAt = new Date(now.getTime() + SESSION_SECONDS * 1000);
    await insertRow(manager, OperatorSession, {
      id,
      operatorId: operator.id,
      secretHash: hashCredential(value),
      method,
      ip: context?.ip ?? null,
      createdAt: now,
      lastUsedAt: null,
      expiresAt,
      revokedAt: null,
    });
    await this.audit.record(manager, operatorEntry('operator.signed_in', operator.id, { method }));
    return { token: value.reveal(), expires_at: expiresAt, operator: operatorView(operator) };
  }

  /** The caller's live sessions, newest first. */
  async list({ operatorId, sessionId }: OperatorCaller): Promise<{ items: SessionView[] }> {
    const now = this.clock.now();
    const live = { operatorId, revokedAt: IsNull(), expiresAt: MoreThan(now) };
    const sessions = await this.database.read((manager) =>
      manager.find(OperatorSession, { where: live, order: { createdAt: 'DESC', id: 'DESC' } }),
    );
    const shown = sessions.filter((session) => !isIdle(session, now));
    return { items: shown.map((session) => viewOf(session, sessionId)) };
  }

  /** Revokes one of the caller's own sessions. */
  async end(caller: OperatorCaller, id: string): Promise<void> {
    const { operatorId } = caller;
    await this.database.write(async (manager) => {
      await lockOperator(manager, operatorId);
      await checkCallerAgain(manager, caller, this.clock);
      const live = { id, operatorId, revokedAt: IsNull() };
      const { affected } = await manager.update(OperatorSession, live, { revokedAt: this.clock.now() });
      if (!affected)
        throw new DomainError('not_found', 'not_found', 'You have no active session with this id.');
      await this.audit.record(manager, operatorEntry('operator.session_ended', operatorId, { session: id }));
    });
  }

  async signOut({ operatorId, sessionId }: OperatorCaller): Promise<void> {
    if (!sessionId) return;
    await this.database.write(async (manager) => {
      await lockOperator(manager, operatorId);
      await this.endOne(manager, sessionId);
    });
  }

  /**
   * Locks the operator who is signing in and revokes the browser's previous
   * session, even if it belonged to a different operator (ASVS 5.0, 7.2.4). The
   * browser forgets that session, so no one else should be able to keep using it.
   */
  async lockSigningIn(
    manager: EntityManager,
    operatorId: string,
    { former_session: token }: FromCookies,
  ): Promise<Operator> {
    const former = token === undefined ? null : await findByToken(manager, token);
    const ids = former ? [operatorId, former.operatorId] : [operatorId];
    const operator = (await lockOperators(manager, ids)).find(({ id }) => id === operatorId);
    if (!operator) throw noSuchOperator();
    if (former) await this.endOne(manager, former.id);
    return operator;
  }

  /** Revokes all sessions of an operator, or all but one. */
  async endOthers(manager: EntityManager, operatorId: string, keptId?: string): Promise<void> {
    const live = { operatorId, revokedAt: IsNull(), ...(keptId !== undefined && { id: Not(keptId) }) };
    await manager.update(OperatorSession, live, { revokedAt: this.clock.now() });
  }

  private async endOne(manager: EntityManager, id: string): Promise<void> {
    await manager.update(OperatorSession, { id, revokedAt: IsNull() }, { revokedAt: this.clock.now() });
  }
}

async function findByToken(manager: EntityManager, token: string): Promise<OperatorSession | null> {
  const id = parseCredential('aos', token)?.id;
  return id ? manager.findOneBy(OperatorSession, { id, secretHash: hashCredential(token) }) : null;
}

function viewOf(session: OperatorSession, currentId: string | undefined): SessionView {
  const { id, method, ip, createdAt, lastUsedAt, expiresAt } = session;
  return {
    id,
    method,
    ip,
    created_at: createdAt,
    last_used_at: lastUsedAt,
    expires_at: expiresAt,
    is_current: id === currentId,
  };
}
