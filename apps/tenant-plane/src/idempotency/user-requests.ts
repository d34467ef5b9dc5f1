import { type KeyedCall, RepeatableRequests, pathOf } from '@atlas/persistence';
import { Injectable } from '@nestjs/common';
import { type TenantRequest } from '../access/tenant-request';
import { type Answer } from './sealed-answers';
import { TenantIdempotency } from './tenant-idempotency';

/** Scopes each key to the user who sends it. */
@Injectable()
export class UserRequests extends RepeatableRequests {
  constructor(private readonly idempotency: TenantIdempotency) {
    super();
  }

  once(
    request: TenantRequest,
    { key, showsSecret, forRepeats }: KeyedCall,
    handle: () => Promise<Answer>,
  ): Promise<Answer> {
    const { tenant, user, method, body } = request;
    if (!tenant || !user) throw new Error('A repeatable route must require a signed-in user.');
    const scope = [user.id, method, pathOf(request)];
    const keyed = { tenantId: tenant.id, user, scope, key, body, showsSecret };
    return this.idempotency.once(keyed, handle, forRepeats);
  }
}
