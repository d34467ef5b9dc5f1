import { ApiIdempotencyKey, isDryRun } from '@atlas/platform';
import {
  type CallHandler,
  type ExecutionContext,
  Injectable,
  type NestInterceptor,
  SetMetadata,
  UseInterceptors,
  applyDecorators,
} from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { type FastifyReply, type FastifyRequest } from 'fastify';
import { type Observable, from, lastValueFrom } from 'rxjs';
import { requireSensibleKey } from './idempotency';

const SHOWS_SECRET = Symbol('SHOWS_SECRET');

export interface KeyedCall {
  readonly key: string;
  readonly status: number;
  /** Whether the response may contain a secret. */
  readonly showsSecret: boolean;
}

/** Handles each request with an Idempotency-Key once. Each plane provides its own implementation. */
export abstract class RepeatableRequests {
  /** Calls `handle` at most once per key. Repeats get the body that the first call returned. */
  abstract once(
    request: FastifyRequest,
    call: KeyedCall,
    handle: () => Promise<Record<string, unknown>>,
  ): Promise<unknown>;
}

/** Runs a handler, including all its writes, only once per `Idempotency-Key`. */
@Injectable()
class RepeatableInterceptor implements NestInterceptor {
  constructor(
    private readonly requests: RepeatableRequests,
    private readonly reflector: Reflector,
  ) {}

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const http = context.switchToHttp();
    const request = http.getRequest<FastifyRequest>();
    const key = request.headers['idempotency-key'];
    if (key === undefined) return next.handle();
    requireSensibleKey(String(key));
    // A dry run changes nothing, so its response is not stored.
    if (isDryRun(request.query) || isDryRun(request.body)) return next.handle();
    const { statusCode: status } = http.getResponse<FastifyReply>();
    const handle = (): Promise<Record<string, unknown>> => lastValueFrom(next.handle());
    const showsSecret = this.reflector.get<boolean>(SHOWS_SECRET, context.getHandler());
    return from(this.requests.once(request, { key: String(key), status, showsSecret }, handle));
  }
}

/**
 * For a POST that creates something. A repeat with the same `Idempotency-Key` creates nothing more and gets
 * the first response.
 */
export const Repeatable = ({ showsSecret = false } = {}): MethodDecorator =>
  applyDecorators(
    SetMetadata(SHOWS_SECRET, showsSecret),
    UseInterceptors(RepeatableInterceptor),
    ApiIdempotencyKey(),
  );

export function pathOf({ url }: Pick<FastifyRequest, 'url'>): string {
  return url.split('?')[0] ?? url;
}
