import { Database, insertRow } from '@atlas/persistence';
import { Clock, DomainError, type Page, pageOf } from '@atlas/platform';
import { hashCredential, mintCredential } from '@atlas/service-auth';
import { Injectable } from '@nestjs/common';
import { IsNull } from 'typeorm';
import { Audit } from '../audit/audit.service';
import { type CreateApiKeyDto, type ListApiKeysQuery } from './accounts.dto';
import { ApiKey } from './api-key.entity';
import { type OperatorCaller } from './caller';
import { type Scope, grantableScopes } from './scopes';

export interface ApiKeyView {
  readonly id: string;
  readonly name: string;
  readonly operator_id: string;
  readonly scopes: readonly Scope[];
  readonly created_at: Date;
  readonly expires_at: Date;
  readonly last_used_at: Date | null;
  readonly revoked_at: Date | null;
}

export interface CreatedApiKey extends Pick<ApiKeyView, 'id' | 'name' | 'scopes' | 'expires_at'> {
  /** Shown once. */
  readonly key: string;
}

@Injectable()
export class ApiKeys {
  constructor(
    private readonly database: Database,
    private readonly clock: Clock,
    private readonly audit: Audit,
  ) {}

  /** By id, which says nothing of their age. */
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

  async create(caller: OperatorCaller, dto: CreateApiKeyDto): Promise<CreatedApiKey> {
    const allowed = caller.kind === 'api_key' ? caller.scopes : grantableScopes(caller.role);
    const refused = dto.scopes.filter((scope) => !allowed.includes(scope));
    if (refused.length > 0) {
      throw new DomainError(
        'forbidden',
        'forbidden',
        `You cannot grant what you do not have: ${refused.join(', ')}.`,
      );
    }
    const { id, value } = mintCredential('aok');
    const now = this.clock.now();
    const expiresAt = new Date(now.getTime() + dto.ttl_seconds * 1000);
    const described = { name: dto.name, scopes: dto.scopes };
    const times = { createdAt: now, lastUsedAt: null, expiresAt, revokedAt: null };
    await this.database.write(async (manager) => {
      const key = { id, ...described, operatorId: caller.operatorId, secretHash: hashCredential(value) };
      await insertRow(manager, ApiKey, { ...key, ...times });
      const after = { ...described, expires_at: expiresAt };
      await this.audit.record(manager, entry('api_key.created', id, after));
    });
    return { id, ...described, expires_at: expiresAt, key: value.reveal() };
  }

  /** One's own; an owner's word goes for anybody's. */
  async revoke({ operatorId, scopes }: OperatorCaller, id: string): Promise<void> {
    await this.database.write(async (manager) => {
      const live = { id, revokedAt: IsNull() };
      const key = await manager.findOneBy(ApiKey, live);
      if (!key) throw new DomainError('not_found', 'not_found', 'There is no such live API key.');
      if (key.operatorId !== operatorId && !scopes.includes('operators:write')) throw notYours();
      await manager.update(ApiKey, live, { revokedAt: this.clock.now() });
      const before = { name: key.name, scopes: key.scopes, operator_id: key.operatorId };
      await this.audit.record(manager, { ...entry('api_key.revoked', id), before });
    });
  }
}

function entry(action: string, targetId: string, after?: Record<string, unknown>) {
  return { action, targetKind: 'api_key', targetId, after };
}

function viewOf(key: ApiKey): ApiKeyView {
  const { id, name, operatorId, scopes, createdAt, expiresAt, lastUsedAt, revokedAt } = key;
  const times = { created_at: createdAt, expires_at: expiresAt, last_used_at: lastUsedAt };
  return { id, name, operator_id: operatorId, scopes, ...times, revoked_at: revokedAt };
}

function notYours(): DomainError {
  return new DomainError('forbidden', 'forbidden', "Another operator's API key is revoked by an owner.");
}
