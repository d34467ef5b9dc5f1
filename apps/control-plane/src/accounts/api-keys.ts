import {
  ListApiKeysQuery,
  type ApiKeyView,
  CreateApiKeyDto,
  type CreatedApiKey,
  type Scope,
} from '@atlas/operator-api';
import { Database, insertRow } from '@atlas/persistence';
import { Clock, DomainError, type Page, pageOf } from '@atlas/platform';
import { hashCredential, mintCredential } from '@atlas/service-auth';
import { Injectable } from '@nestjs/common';
import { type EntityManager, IsNull } from 'typeorm';
import { type OperatorCaller } from '../access/caller';
import { grantableScopes } from '../access/scopes';
import { Audit } from '../audit/audit';
import { ApiKey } from './api-key.entity';
import { DESCENT, IssuedLinks, issueOf } from './issued-links';
import { checkCallerAgain, lockOperator, lockOperators } from './operator-lock';

@Injectable()
export class ApiKeys {
  constructor(
    private readonly database: Database,
    private readonly clock: Clock,
    private readonly audit: Audit,
    private readonly links: IssuedLinks,
  ) {}

  /** Lists keys in order of their ids, which are random and say nothing about age. */
  async list({ cursor, limit, operator_id: operatorId }: ListApiKeysQuery): Promise<Page<ApiKeyView>> {
    const rows = await this.database.read((manager) => {
      const query = manager
        .createQueryBuilder(ApiKey, 'key')
        .orderBy('key.id', 'DESC')
        .take(limit + 1);
      if (cursor) query.andWhere('key.id < :cursor', { cursor });
      if (operatorId) query.andWhere('key.operatorId = :operatorId', { operatorId });
      return query.getMany();
    });
    return pageOf(rows, limit, viewOf);
  }

  /** A key created with another API key expires no later than that API key. */
  async create(caller: OperatorCaller, dto: CreateApiKeyDto): Promise<CreatedApiKey> {
    const { id, value } = mintCredential('aok');
    return this.database.write(async (manager) => {
      await lockOperator(manager, caller.operatorId);
      const maker = await checkCallerAgain(manager, caller, this.clock);
      requireGrantable(maker, dto.scopes);
      const createdAt = this.clock.now();
      const until = new Date(createdAt.getTime() + dto.ttl_seconds * 1000);
      const { issuedWith: parentId, expiresAt } = await issueOf(manager, maker, until);
      const described = { name: dto.name, scopes: dto.scopes };
      const times = { createdAt, lastUsedAt: null, expiresAt, revokedAt: null };
      await insertRow(manager, ApiKey, {
        id,
        ...described,
        operatorId: maker.operatorId,
        parentId,
        secretHash: hashCredential(value),
        ...times,
      });
      const after = { ...described, expires_at: expiresAt, parent_id: parentId };
      await this.audit.record(manager, entry('api_key.created', id, after));
      return { id, ...described, expires_at: expiresAt, key: value.reveal() };
    });
  }

  /**
   * Also revokes all keys and links issued with the key.
   * Operators may revoke their own keys, and owners any key.
   */
  async revoke(caller: OperatorCaller, id: string): Promise<void> {
    const found = await this.database.read((manager) => manager.findOneBy(ApiKey, { id }));
    if (!found) throw noSuchKey();
    await this.database.write(async (manager) => {
      await lockOperators(manager, [found.operatorId, caller.operatorId]);
      const { operatorId, scopes } = await checkCallerAgain(manager, caller, this.clock);
      const key = await manager.findOneBy(ApiKey, { id, revokedAt: IsNull() });
      if (!key) throw noSuchKey();
      if (key.operatorId !== operatorId && !scopes.includes('operators:write')) throw notYours();
      const revoked = await this.revokeDescent(manager, id);
      const before = { name: key.name, scopes: key.scopes, operator_id: key.operatorId };
      const ended = await this.links.endWithKey(manager, id);
      const after = { revoked_with_it: revoked - 1, ...(ended > 0 && { links_ended: ended }) };
      await this.audit.record(manager, { ...entry('api_key.revoked', id, after), before });
    });
  }

  /** Revokes the key and its descendants. Returns how many were live. */
  private async revokeDescent(manager: EntityManager, id: string): Promise<number> {
    const { affected } = await manager
      .createQueryBuilder()
      .update(ApiKey)
      .set({ revokedAt: this.clock.now() })
      .where(`id in (${DESCENT})`, { id })
      .andWhere('revoked_at is null')
      .execute();
    return affected ?? 0;
  }
}

function requireGrantable({ kind, role, scopes }: OperatorCaller, wanted: readonly Scope[]): void {
  const allowed = kind === 'api_key' ? scopes : grantableScopes(role);
  const refused = wanted.filter((scope) => !allowed.includes(scope));
  if (refused.length === 0) return;
  const detail =
    `You cannot grant scopes that you do not have: ${refused.join(', ')}. An owner with a session can ` +
    'grant any scope.';
  throw new DomainError('forbidden', 'forbidden', detail);
}

function entry(action: string, targetId: string, after?: Record<string, unknown>) {
  return { action, targetKind: 'api_key', targetId, after };
}

function viewOf(key: ApiKey): ApiKeyView {
  const { id, name, operatorId, parentId, scopes, createdAt, expiresAt, lastUsedAt, revokedAt } = key;
  const times = { created_at: createdAt, expires_at: expiresAt, last_used_at: lastUsedAt };
  return { id, name, operator_id: operatorId, parent_id: parentId, scopes, ...times, revoked_at: revokedAt };
}

function noSuchKey(): DomainError {
  return new DomainError('not_found', 'not_found', 'No active API key has this id.');
}

function notYours(): DomainError {
  return new DomainError(
    'forbidden',
    'forbidden',
    'This API key belongs to another operator. Only that operator or an owner can revoke it.',
  );
}
