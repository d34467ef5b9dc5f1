import { Database } from '@atlas/persistence';
import { Clock, DomainError } from '@atlas/platform';
import { credentialMatches, parseCredential } from '@atlas/service-auth';
import { Injectable } from '@nestjs/common';
import { ApiKey } from './api-key.entity';
import { type OperatorCaller } from './caller';
import { OperatorSession } from './operator-session.entity';
import { Operator } from './operator.entity';
import { SCOPES_OF_ROLE, grantableScopes } from './scopes';

interface LiveCredential {
  readonly id: string;
  readonly secretHash: string;
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
  async authenticate(authorization: string | undefined): Promise<OperatorCaller> {
    const token = /^Bearer (\S+)$/.exec(authorization ?? '')?.[1] ?? '';
    const caller = (await this.byApiKey(token)) ?? (await this.bySession(token));
    if (!caller) throw unauthenticated();
    return caller;
  }

  private async byApiKey(token: string): Promise<OperatorCaller | null> {
    const id = parseCredential('aok', token)?.id;
    if (!id) return null;
    const key = await this.find(ApiKey, id);
    if (!key || !this.isLive(key, token)) return null;
    const { role, id: operatorId } = key.operator;
    // A key never outlives what its operator may grant today.
    const scopes = key.scopes.filter((scope) => grantableScopes(role).includes(scope));
    return { kind: 'api_key', id, operatorId, role, scopes };
  }

  private async bySession(token: string): Promise<OperatorCaller | null> {
    const id = parseCredential('aos', token)?.id;
    if (!id) return null;
    const session = await this.find(OperatorSession, id);
    if (!session || !this.isLive(session, token)) return null;
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
