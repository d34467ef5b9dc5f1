import { type KeyedCall, RepeatableRequests, pathOf } from '@atlas/persistence';
import { Injectable } from '@nestjs/common';
import { type TenantRequest, callerOf } from '../access/tenant-request';
import { type Answer } from './sealed-answers';
import { TenantIdempotency } from './tenant-idempotency';

/** Scopes each key to the user or the program that sends it. */
@Injectable()
export class UserRequests extends RepeatableRequests {
  constructor(private readonly idempotency: TenantIdempotency) {
    super();
  }

  once(
    request: TenantRequest,
    { key, takesSecret, showsSecret, forRepeats }: KeyedCall,
    handle: () => Promise<Answer>,
  ): Promise<Answer> {
    const { method, body } = request;
    const caller = callerOf(request);
    // Only its holder can use a key, so the key itself distinguishes callers. It is stored only as a hash.
    const who = 'user' in caller ? caller.user.id : caller.key.token;
    const scope = [who, method, pathOf(request)];
    const keyed = { caller, scope, key, body, takesSecret, showsSecret };
    return this.idempotency.once(keyed, handle, forRepeats);
  }
}
