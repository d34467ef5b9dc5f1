import {
  Database,
  Idempotency,
  KEPT_SECONDS,
  type KeptAnswer,
  type KeyClaim,
  TenantDatabase,
  TenantScope,
  together,
} from '@atlas/persistence';
import { Clock } from '@atlas/platform';
import { Injectable } from '@nestjs/common';
import { type EntityManager } from 'typeorm';
import { CallerWrites } from '../access/caller-writes';
import { type Caller } from '../access/tenant-request';
import { TenantPlaneConfig } from '../config/tenant-plane.config';
import { knownSecrets } from '../plane-identity/known-secrets';
import { IdempotencyRecord } from './idempotency-record.entity';
import { type Answer, type KeyedRequest, SealedAnswers } from './sealed-answers';

interface RequestOfTenant extends KeyedRequest {
  readonly caller: Caller;
}

/**
 * Stores keys and responses in the tenant's own rows. Once the tenant has moved to another plane, the
 * responses to requests that take or show a secret cannot be decrypted.
 */
@Injectable()
export class TenantIdempotency extends Idempotency<Answer, RequestOfTenant> {
  private readonly answers: SealedAnswers;

  constructor(
    private readonly database: Database,
    private readonly tenants: TenantDatabase,
    private readonly writes: CallerWrites,
    private readonly clock: Clock,
    config: TenantPlaneConfig,
  ) {
    super();
    this.answers = new SealedAnswers(knownSecrets(config, null));
  }

  protected now(): Date {
    return this.clock.now();
  }

  protected transaction<T>(
    { caller: { tenantId } }: RequestOfTenant,
    work: (manager: EntityManager) => Promise<T>,
  ): Promise<T> {
    return this.tenants.write(tenantId, ({ manager }) => work(manager));
  }

  protected admitted<T>({ caller }: RequestOfTenant, work: () => Promise<T>): Promise<T> {
    return this.writes.by(caller, work);
  }

  /**
   * Storing a new key also deletes the tenant's expired keys, so no job for all tenants is needed. Uses the
   * database's clock, because a replica whose clock is a day ahead would delete the responses that the others
   * have just stored.
   */
  protected async claim(
    manager: EntityManager,
    { caller: { tenantId } }: RequestOfTenant,
    claim: KeyClaim,
  ): Promise<boolean> {
    const expiresAt = (): string => this.database.fromNow(KEPT_SECONDS);
    const row = { tenantId, ...claim, expiresAt, bodyHash: '', answer: null };
    const [, isOurs] = await together([
      new TenantScope(tenantId, manager).delete(IdempotencyRecord, { expiresAt: this.database.isPast() }),
      this.insertKey(manager, IdempotencyRecord, row),
    ]);
    return isOurs;
  }

  protected async keep(
    manager: EntityManager,
    request: RequestOfTenant,
    { scope, bodyHash }: KeyClaim,
    answer: Answer,
  ): Promise<void> {
    const { tenantId } = request.caller;
    const sealed = this.answers.seal(request, { tenantId, scope }, { bodyHash, answer });
    await new TenantScope(tenantId, manager).update(IdempotencyRecord, { scope }, { answer: sealed });
  }

  protected async find(request: RequestOfTenant, scope: string): Promise<KeptAnswer<Answer> | null> {
    const record = await this.tenants.read(request.caller.tenantId, (rows) =>
      rows.findOne(IdempotencyRecord, { scope }),
    );
    if (!record || record.answer === null) return record && { ...record, answer: null };
    return this.answers.open(request, record, record.answer);
  }
}
