import { type KeyedCall, RepeatableRequests, pathOf } from '@atlas/persistence';
import { Injectable } from '@nestjs/common';
import { type AuthenticatedRequest } from '../access/caller';
import { type OnceAnswered, SealedIdempotency } from './sealed-idempotency';

interface Created extends Record<string, unknown> {
  readonly install?: { readonly token_id: string };
}

/** Scopes idempotency keys to the operator or API key that sends them. */
@Injectable()
export class OperatorRequests extends RepeatableRequests {
  constructor(private readonly idempotency: SealedIdempotency) {
    super();
  }

  async once(
    request: AuthenticatedRequest,
    { key, status, forRepeats }: Pick<KeyedCall, 'key' | 'status' | 'forRepeats'>,
    handle: () => Promise<Created>,
  ): Promise<unknown> {
    const { operator: caller, method, body } = request;
    if (!caller) throw new Error('Only a route that requires an operator can be repeatable.');
    const repeat = { caller, scope: [caller.id, method, pathOf(request)], key, body };
    const answer = await this.idempotency.once(
      repeat,
      async () => kept(status, await handle()),
      ({ body: shown, ...rest }) => ({ ...rest, body: forRepeats(shown) }),
    );
    return bodyOf(answer);
  }
}

/** Keeps the install bundle separately, so that it can be erased once its token is used. */
function kept(status: number, { install, ...body }: Created): OnceAnswered {
  const shownOnce = install && { tokenId: install.token_id, bundle: install };
  return { status, body, install: shownOnce };
}

function bodyOf({ body, install }: OnceAnswered): Record<string, unknown> {
  return install ? { ...body, install: install.bundle } : { ...body };
}
