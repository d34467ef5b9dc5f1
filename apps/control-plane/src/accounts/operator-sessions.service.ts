import { Database, insertRow } from '@atlas/persistence';
import { Clock, DomainError, currentContext } from '@atlas/platform';
import { hashCredential, mintCredential, parseCredential } from '@atlas/service-auth';
import { Injectable } from '@nestjs/common';
import { type EntityManager, IsNull, MoreThan, Not } from 'typeorm';
import { Audit } from '../audit/audit.service';
import { operatorEntry } from './account-audit';
import { type OperatorCaller } from './caller';
import { checkCallerAgain, lockOperator } from './operator-lock';
import { OperatorSession, type SignInMethod } from './operator-session.entity';
import { type Operator } from './operator.entity';
import { type OperatorView, operatorView } from './operator.view';
import { SESSION_SECONDS, isIdle } from './session-limits';

export interface SignedIn {
  readonly token: string;
  readonly expires_at: Date;
  readonly operator: OperatorView;
  /** Shown at the next sign-in, it keeps others' guesses at the password from locking this device out. */
  readonly device_token?: string;
}

export interface SessionView {
  readonly id: string;
  readonly method: SignInMethod;
  readonly ip: string | null;
  readonly created_at: Date;
  readonly last_used_at: Date | null;
  readonly expires_at: Date;
  readonly is_current: boolean;
}

@Injectable()
export class OperatorSessions {
  constructor(
    private readonly database: Database,
    private readonly clock: Clock,
    private readonly audit: Audit,
  ) {}

  /** Of an operator who has proven who they are. */
  async open(manager: EntityManager, operator: Operator, method: SignInMethod): Promise<SignedIn> {
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

  /** The live ones of the caller, the newest first. */
  async list({ operatorId, sessionId }: OperatorCaller): Promise<{ items: SessionView[] }> {
    const now = this.clock.now();
    const live = { operatorId, revokedAt: IsNull(), expiresAt: MoreThan(now) };
    const sessions = await this.database.read((manager) =>
      manager.find(OperatorSession, { where: live, order: { createdAt: 'DESC', id: 'DESC' } }),
    );
    const shown = sessions.filter((session) => !isIdle(session, now));
    return { items: shown.map((session) => viewOf(session, sessionId)) };
  }

  /** One of the caller's own. */
  async end(caller: OperatorCaller, id: string): Promise<void> {
    const { operatorId } = caller;
    await this.database.write(async (manager) => {
      await lockOperator(manager, operatorId);
      await checkCallerAgain(manager, caller, this.clock);
      const live = { id, operatorId, revokedAt: IsNull() };
      const { affected } = await manager.update(OperatorSession, live, { revokedAt: this.clock.now() });
      if (!affected) throw new DomainError('not_found', 'not_found', 'There is no such live session.');
      await this.audit.record(manager, operatorEntry('operator.session_ended', operatorId, { session: id }));
    });
  }

  async signOut({ operatorId, sessionId }: OperatorCaller): Promise<void> {
    if (sessionId) await this.endOne(operatorId, sessionId);
  }

  async endByToken(token: string): Promise<void> {
    const id = parseCredential('aos', token)?.id;
    if (!id) return;
    const session = await this.database.read((manager) =>
      manager.findOneBy(OperatorSession, { id, secretHash: hashCredential(token) }),
    );
    if (session) await this.endOne(session.operatorId, id);
  }

  /** All of an operator, or all but one. */
  async endOthers(manager: EntityManager, operatorId: string, keptId?: string): Promise<void> {
    const live = { operatorId, revokedAt: IsNull(), ...(keptId !== undefined && { id: Not(keptId) }) };
    await manager.update(OperatorSession, live, { revokedAt: this.clock.now() });
  }

  private async endOne(operatorId: string, id: string): Promise<void> {
    await this.database.write(async (manager) => {
      await lockOperator(manager, operatorId);
      const live = { id, revokedAt: IsNull() };
      await manager.update(OperatorSession, live, { revokedAt: this.clock.now() });
    });
  }
}

function viewOf(session: OperatorSession, currentId: string | undefined): SessionView {
  const { id, method, ip, createdAt, lastUsedAt, expiresAt } = session;
  return {
    ...{ id, method, ip, created_at: createdAt, last_used_at: lastUsedAt, expires_at: expiresAt },
    is_current: id === currentId,
  };
}
