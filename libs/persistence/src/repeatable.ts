import { ApiIdempotencyKey } from '@atlas/platform';
import {
  type CallHandler,
  type ExecutionContext,
  Injectable,
  type NestInterceptor,
  UseInterceptors,
  applyDecorators,
} from '@nestjs/common';
import { type FastifyReply, type FastifyRequest } from 'fastify';
import { type Observable, from, lastValueFrom } from 'rxjs';

/** A plane's way to answer a keyed request once: provided by the app. */
export abstract class RepeatableRequests {
  /** `handle` runs at most once a key; repeats get the body that it answered then. */
  abstract once(
    request: FastifyRequest,
    call: { readonly key: string; readonly status: number },
    handle: () => Promise<Record<string, unknown>>,
  ): Promise<unknown>;
}

/** Runs the handler, and all that it writes, once for each `Idempotency-Key`. */
@Injectable()
class RepeatableInterceptor implements NestInterceptor {
  constructor(private readonly requests: RepeatableRequests) {}

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const http = context.switchToHttp();
    const request = http.getRequest<FastifyRequest>();
    const key = request.headers['idempotency-key'];
    if (key === undefined) return next.handle();
    const { statusCode: status } = http.getResponse<FastifyReply>();
    const handle = (): Promise<Record<string, unknown>> => lastValueFrom(next.handle());
    return from(this.requests.once(request, { key: String(key), status }, handle));
  }
}

/** A POST that creates: with an `Idempotency-Key` it creates once, and repeats are answered as the first was. */
export const Repeatable = (): MethodDecorator =>
  applyDecorators(UseInterceptors(RepeatableInterceptor), ApiIdempotencyKey());

export function pathOf({ url }: Pick<FastifyRequest, 'url'>): string {
  return url.split('?')[0] ?? url;
}
