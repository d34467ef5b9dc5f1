import { Repeatable } from '@atlas/persistence';
import {
  type CallHandler,
  type ExecutionContext,
  Injectable,
  type NestInterceptor,
  UseInterceptors,
  applyDecorators,
} from '@nestjs/common';
import { type Observable, map } from 'rxjs';
import { type ShowKey } from './agents';

/** The keys that requests have stored. */
const NEW_KEYS = new WeakMap<object, string>();

/** Shows a new key in the answer to this request. */
export function showingIn(request: object): ShowKey {
  return (key) => void NEW_KEYS.set(request, key);
}

/** Adds the key outside {@link Repeatable}, so that it is not stored with the answer. */
@Injectable()
class KeyInterceptor implements NestInterceptor {
  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const request = context.switchToHttp().getRequest<object>();
    return next.handle().pipe(map((answer: object) => ({ ...answer, key: NEW_KEYS.get(request) ?? null })));
  }
}

/** For a route that creates a key. A repeat with the same `Idempotency-Key` gets the answer without the key. */
export const ShowsKey = (): MethodDecorator => applyDecorators(UseInterceptors(KeyInterceptor), Repeatable());
