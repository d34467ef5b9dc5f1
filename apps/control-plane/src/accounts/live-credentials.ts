import { type Clock } from '@atlas/platform';
import { type EntityManager } from 'typeorm';
import { type OperatorCaller } from '../access/caller';
import { SCOPES_OF_ROLE, grantableScopes } from '../access/scopes';
import { ApiKey } from './api-key.entity';
import { OperatorSession } from './operator-session.entity';
import { Operator } from './operator.entity';
import { isIdle } from './session-limits';

/** An API key or a session, with its operator. */
export type WithOperator<T> = T & { readonly operator: Operator };

export async function findCredential<T extends ApiKey | OperatorSession>(
  manager: EntityManager,
  entity: new () => T,
  id: string,
): Promise<WithOperator<T> | null> {
  const found = await manager
    .createQueryBuilder(entity, 'credential')
    .innerJoinAndMapOne('credential.operator', Operator, 'operator', 'operator.id = credential.operatorId')
    .where('credential.id = :id', { id })
    .getOne();
  return found as WithOperator<T> | null;
}

export function isLiveKey({ revokedAt, expiresAt, operator }: WithOperator<ApiKey>, now: Date): boolean {
  return revokedAt === null && expiresAt > now && operator.disabledAt === null;
}

export function isLiveSession(session: WithOperator<OperatorSession>, now: Date): boolean {
  const { revokedAt, expiresAt, operator } = session;
  return revokedAt === null && expiresAt > now && operator.disabledAt === null && !isIdle(session, now);
}

export function callerByKey({ id, scopes, operator }: WithOperator<ApiKey>): OperatorCaller {
  const { id: operatorId, role } = operator;
  // A key never grants more than its operator's current role.
  const left = scopes.filter((scope) => grantableScopes(role).includes(scope));
  return { kind: 'api_key', id, operatorId, role, scopes: left };
}

export function callerBySession({ id: sessionId, operator }: WithOperator<OperatorSession>): OperatorCaller {
  const { id, role } = operator;
  return { kind: 'operator', id, operatorId: id, role, scopes: SCOPES_OF_ROLE[role], sessionId };
}

/**
 * The caller's current state, or null if their credential has expired or been revoked since
 * they were authenticated. Reads the clock after the query, which may have waited for a lock.
 */
export async function callerAsOfNow(
  manager: EntityManager,
  { kind, id, sessionId = '' }: OperatorCaller,
  clock: Clock,
): Promise<OperatorCaller | null> {
  if (kind === 'api_key') {
    const key = await findCredential(manager, ApiKey, id);
    return key && isLiveKey(key, clock.now()) ? callerByKey(key) : null;
  }
  const session = await findCredential(manager, OperatorSession, sessionId);
  return session && isLiveSession(session, clock.now()) ? callerBySession(session) : null;
}
