import { type Scope } from '@atlas/operator-api';
import { Database } from '@atlas/persistence';
import { Clock, DomainError, isStorageFault } from '@atlas/platform';
import { credentialMatches, parseCredential } from '@atlas/service-auth';
import { Injectable } from '@nestjs/common';
import { type OperatorCaller } from '../access/caller';
import { ApiKey } from './api-key.entity';
import {
  callerAsOfNow,
  callerByKey,
  callerBySession,
  findCredential,
  isLiveKey,
  isLiveSession,
} from './live-credentials';
import { OperatorSession } from './operator-session.entity';
import { NOTED_EVERY_SECONDS, isUseToBeNoted } from './session-limits';

/** Finds the operator behind a bearer token, in one query by the token's public id. */
@Injectable()
export class OperatorAuthentication {
  constructor(
    private readonly database: Database,
    private readonly clock: Clock,
  ) {}

  /** Throws `unauthenticated`, with the same message for every reason. */
  async authenticate(token: string): Promise<OperatorCaller> {
    const caller = (await this.byApiKey(token)) ?? (await this.bySession(token));
    if (!caller) throw unauthenticated();
    return caller;
  }

  /** Whether the caller's credential is still live and still has the scope. */
  async isStanding(caller: OperatorCaller, scope: Scope): Promise<boolean> {
    const current = await this.database.read((manager) => callerAsOfNow(manager, caller, this.clock));
    return current?.scopes.includes(scope) ?? false;
  }

  private async byApiKey(token: string): Promise<OperatorCaller | null> {
    const id = parseCredential('aok', token)?.id;
    if (!id) return null;
    const key = await this.database.read((manager) => findCredential(manager, ApiKey, id));
    if (!key || !credentialMatches(token, key.secretHash) || !isLiveKey(key, this.clock.now())) return null;
    await this.noteUse(ApiKey, key);
    return callerByKey(key);
  }

  private async bySession(token: string): Promise<OperatorCaller | null> {
    const id = parseCredential('aos', token)?.id;
    if (!id) return null;
    const session = await this.database.read((manager) => findCredential(manager, OperatorSession, id));
    if (!session || !credentialMatches(token, session.secretHash)) return null;
    if (!isLiveSession(session, this.clock.now())) return null;
    await this.noteUse(OperatorSession, session);
    return callerBySession(session);
  }

  /** Records the use at most once a minute rather than on every request. */
  private async noteUse<T extends ApiKey | OperatorSession>(
    entity: new () => T,
    credential: T,
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
    // Operators must be able to diagnose a full disk, so a failed write must not sign them out.
    await noted.catch((error: unknown) => {
      if (!isStorageFault(error)) throw error;
    });
  }
}

export function scopeMissing(scope: string): DomainError {
  const detail = `This requires the scope ${scope}, which your role or API key does not have.`;
  return new DomainError('forbidden', 'forbidden', detail);
}

export function unauthenticated(): DomainError {
  const challenge = { 'www-authenticate': 'Bearer' };
  const detail = 'Send a valid API key or session as "Authorization: Bearer <token>".';
  return new DomainError('unauthenticated', 'unauthenticated', detail, {}, challenge);
}
