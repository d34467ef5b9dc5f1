import {
  Idempotency,
  type KeptAnswer,
  type KeyClaim,
  RepeatableRequests,
  type SealedPlace,
  SecretBox,
  deriveKey,
  type RepeatableRequest,
  TenantDatabase,
  TenantScope,
  pathOf,
  together,
} from '@atlas/persistence';
import { Clock } from '@atlas/platform';
import { Injectable } from '@nestjs/common';
import { type EntityManager, LessThan } from 'typeorm';
import { UserWrites } from '../accounts/user-writes';
import { type SignedInUser, type TenantRequest } from '../tenancy/request-tenant';
import { IdempotencyRecord } from './idempotency-key.entity';

interface RequestOfTenant extends RepeatableRequest {
  readonly tenantId: string;
  readonly user: SignedInUser;
}
type Answer = Record<string, unknown>;

/**
 * Keys and answers are rows of the tenant's own. The key itself is in none of them: an answer is sealed with it, so that
 * whoever sends it again can have it, also at the plane that the tenant moved to, and who reads the rows cannot.
 */
@Injectable()
export class TenantIdempotency extends Idempotency<Answer, RequestOfTenant> {
  constructor(
    private readonly tenants: TenantDatabase,
    private readonly writes: UserWrites,
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

  protected admitted<T>({ tenantId, user }: RequestOfTenant, work: () => Promise<T>): Promise<T> {
    return this.writes.by(tenantId, user, work);
  }

  /** Where a key comes in, those that are too old go: they need no chore that would see all tenants. */
  protected async claim(
    manager: EntityManager,
    { tenantId }: RequestOfTenant,
    claim: KeyClaim,
  ): Promise<boolean> {
    const expiresAt = LessThan(this.clock.now());
    const [, isOurs] = await together([
      new TenantScope(tenantId, manager).delete(IdempotencyRecord, { expiresAt }),
      this.insertKey(manager, IdempotencyRecord, { tenantId, ...claim, answer: null }),
    ]);
    return isOurs;
  }

  protected async keep(
    manager: EntityManager,
    request: RequestOfTenant,
    { scope }: KeyClaim,
    answer: Answer,
  ): Promise<void> {
    const sealed = boxOf(request).seal(JSON.stringify(answer), placeOf(request, scope));
    await new TenantScope(request.tenantId, manager).update(IdempotencyRecord, { scope }, { answer: sealed });
  }

  protected async find(request: RequestOfTenant, scope: string): Promise<KeptAnswer<Answer> | null> {
    const record = await this.tenants.read(request.tenantId, (rows) =>
      rows.findOne(IdempotencyRecord, { scope }),
    );
    if (!record || record.answer === null) return record && { ...record, answer: null };
    return { ...record, answer: JSON.parse(opened(record.answer, request, scope)) as Answer };
  }
}

/** A version of before kept answers as plain JSON; its last one is a day old at most. */
function opened(kept: string, request: RequestOfTenant, scope: string): string {
  return kept.startsWith('{') ? kept : boxOf(request).open(kept, placeOf(request, scope)).reveal();
}

function boxOf({ scope, key }: RequestOfTenant): SecretBox {
  return new SecretBox([{ id: 'key', key: deriveKey(JSON.stringify([...scope, key]), 'atlas-kept-answer') }]);
}

function placeOf({ tenantId }: RequestOfTenant, scope: string): SealedPlace {
  return { table: 'idempotency_keys', column: 'answer', rowId: scope, ownerId: tenantId };
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
    return this.idempotency.once({ tenantId: tenant.id, user, scope, key, body }, handle);
  }
}
