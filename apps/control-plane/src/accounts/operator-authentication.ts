import { Database } from '@atlas/persistence';
import { Clock, DomainError, isStorageFault } from '@atlas/platform';
import { credentialMatches, parseCredential } from '@atlas/service-auth';
import { Injectable } from '@nestjs/common';
import { ApiKey } from './api-key.entity';
import { type OperatorCaller } from './caller';
import { OperatorSession } from './operator-session.entity';
import { Operator } from './operator.entity';
import { SCOPES_OF_ROLE, grantableScopes } from './scopes';
import { NOTED_EVERY_SECONDS, isIdle, isUseToBeNoted } from './session-limits';

interface LiveCredential {
  readonly id: string;
  readonly secretHash: string;
  readonly createdAt: Date;
  readonly lastUsedAt: Date | null;
  readonly expiresAt: Date;
  readonly revokedAt: Date | null;
  readonly operator: Operator;
}

/** Who an operator's bearer token belongs to: one query, by the token's public id. */
@Injectable()
export class OperatorAuthentication {
  constructor(
    private readonly database: Database,
    private readonly clock: Clock,
  ) {}

  /** Throws `unauthenticated`, in the same words for every reason. */
  async authenticate(token: string): Promise<OperatorCaller> {
    const caller = (await this.byApiKey(token)) ?? (await this.bySession(token));
    if (!caller) throw unauthenticated();
    return caller;
  }

  private async byApiKey(token: string): Promise<OperatorCaller | null> {
    const id = parseCredential('aok', token)?.id;
    if (!id) return null;
    const key = await this.find(ApiKey, id);
    if (!key || !this.isLive(key, token)) return null;
    await this.noteUse(ApiKey, key);
    const { role, id: operatorId } = key.operator;
    // A key never outlives what its operator may grant today.
    const scopes = key.scopes.filter((scope) => grantableScopes(role).includes(scope));
    return { kind: 'api_key', id, operatorId, role, scopes };
  }

  private async bySession(token: string): Promise<OperatorCaller | null> {
    const id = parseCredential('aos', token)?.id;
    if (!id) return null;
    const session = await this.find(OperatorSession, id);
    if (!session || !this.isLive(session, token) || isIdle(session, this.clock.now())) return null;
    await this.noteUse(OperatorSession, session);
    const { role, id: operatorId } = session.operator;
    return {
      kind: 'operator',
      id: operatorId,
      operatorId,
      role,
      scopes: SCOPES_OF_ROLE[role],
      sessionId: id,
    };
  }

  private find<T extends ApiKey | OperatorSession>(
    entity: new () => T,
    id: string,
  ): Promise<(T & LiveCredential) | null> {
    return this.database.read(async (manager) => {
      const found = await manager
        .createQueryBuilder(entity, 'credential')
        .innerJoinAndMapOne(
          'credential.operator',
          Operator,
          'operator',
          'operator.id = credential.operatorId',
        )
        .where('credential.id = :id', { id })
        .getOne();
      return found as (T & LiveCredential) | null;
    });
  }

  /** Once a minute at most: a caller's requests cost no write each. */
  private async noteUse<T extends ApiKey | OperatorSession>(
    entity: new () => T,
    credential: LiveCredential,
  ): Promise<void> {
    const now = this.clock.now();
    if (!isUseToBeNoted(credential, now)) return;
    const since = new Date(now.getTime() - NOTED_EVERY_SECONDS * 1000);
    const noted = this.database.write((manager) =>
      manager
        .createQueryBuilder()
        .update(entity as new () => ApiKey)
        .set({ lastUsedAt: now })
        .where('id = :id', { id: credential.id })
        .andWhere('(last_used_at is null or last_used_at <= :since)', { since })
        .execute(),
    );
    // While the disk is full, operators can still read what is wrong.
    await noted.catch((error: unknown) => {
      if (!isStorageFault(error)) throw error;
    });
  }

  private isLive(credential: LiveCredential, token: string): boolean {
    return (
      credentialMatches(token, credential.secretHash) &&
      credential.revokedAt === null &&
      credential.expiresAt > this.clock.now() &&
      credential.operator.disabledAt === null
    );
  }
}

export function unauthenticated(): DomainError {
  const challenge = { 'www-authenticate': 'Bearer' };
  const detail = 'Send a valid API key or session as "Authorization: Bearer <token>".';
  return new DomainError('unauthenticated', 'unauthenticated', detail, {}, challenge);
}
