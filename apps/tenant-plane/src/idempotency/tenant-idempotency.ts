import {
  Idempotency,
  type KeptAnswer,
  type KeyClaim,
  RepeatableRequests,
  type RepeatableRequest,
  TenantDatabase,
  TenantScope,
  insertIfAbsent,
  pathOf,
} from '@atlas/persistence';
import { Clock } from '@atlas/platform';
import { Injectable } from '@nestjs/common';
import { type EntityManager, LessThan } from 'typeorm';
import { type TenantRequest } from '../tenancy/request-tenant';
import { IdempotencyRecord } from './idempotency-key.entity';

interface RequestOfTenant extends RepeatableRequest {
  readonly tenantId: string;
}
type Answer = Record<string, unknown>;

/** Keys and answers are rows of the tenant's own. */
@Injectable()
export class TenantIdempotency extends Idempotency<Answer, RequestOfTenant> {
  constructor(
    private readonly tenants: TenantDatabase,
    private readonly clock: Clock,
  ) {
    super();
  }

  protected now(): Date {
    return this.clock.now();
  }

  protected transaction<T>(
    { tenantId }: RequestOfTenant,
    work: (manager: EntityManager) => Promise<T>,
  ): Promise<T> {
    return this.tenants.write(tenantId, ({ manager }) => work(manager));
  }

  /** Where a key comes in, those that are too old go: they need no chore that would see all tenants. */
  protected async claim(
    manager: EntityManager,
    { tenantId }: RequestOfTenant,
    claim: KeyClaim,
  ): Promise<boolean> {
    const expiresAt = LessThan(this.clock.now());
    const [, isOurs] = await Promise.all([
      new TenantScope(tenantId, manager).delete(IdempotencyRecord, { expiresAt }),
      insertIfAbsent(manager, IdempotencyRecord, { tenantId, ...claim, answer: null }),
    ]);
    return isOurs;
  }

  protected async keep(
    manager: EntityManager,
    { tenantId }: RequestOfTenant,
    scope: string,
    answer: Answer,
  ): Promise<void> {
    await new TenantScope(tenantId, manager).update(
      IdempotencyRecord,
      { scope },
      { answer: JSON.stringify(answer) },
    );
  }

  protected async find({ tenantId }: RequestOfTenant, scope: string): Promise<KeptAnswer<Answer> | null> {
    const record = await this.tenants.read(tenantId, (rows) => rows.findOne(IdempotencyRecord, { scope }));
    return (
      record && { ...record, answer: record.answer === null ? null : (JSON.parse(record.answer) as Answer) }
    );
  }
}

/** A key belongs to the user who sends it. */
@Injectable()
export class UserRequests extends RepeatableRequests {
  constructor(private readonly idempotency: TenantIdempotency) {
    super();
  }

  once(
    request: TenantRequest,
    { key }: { readonly key: string },
    handle: () => Promise<Answer>,
  ): Promise<Answer> {
    const { tenant, user, method, body } = request;
    if (!tenant || !user) throw new Error('A repeatable route needs a user.');
    const scope = [user.id, method, pathOf(request)];
    return this.idempotency.once({ tenantId: tenant.id, scope, key, body }, handle);
  }
}
