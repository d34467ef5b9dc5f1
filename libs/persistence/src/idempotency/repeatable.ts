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
import { type ForRepeats, requireSensibleKey } from './idempotency';

const SECRECY = Symbol('SECRECY');

type Answer = Record<string, unknown>;

/** What is done about secrets in a request and its response. */
interface Secrecy {
  /** Whether the body may contain a secret. What is stored then confirms no guess of it. */
  readonly takesSecret: boolean;
  /** Whether the response may contain a secret that is shown to repeats as well. */
  readonly showsSecret: boolean;
  /** Replaces secrets that are shown only once, before the response is stored for repeats. */
  readonly forRepeats: ForRepeats<Answer>;
}

export interface KeyedCall extends Secrecy {
  readonly key: string;
  readonly status: number;
}

/** Handles each request with an Idempotency-Key once. Each plane provides its own implementation. */
export abstract class RepeatableRequests {
  /** Calls `handle` at most once per key. Repeats get the body that the first call returned. */
  abstract once(request: FastifyRequest, call: KeyedCall, handle: () => Promise<Answer>): Promise<unknown>;
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
    const handle = (): Promise<Answer> => lastValueFrom(next.handle());
    const secrecy = this.reflector.get<Secrecy>(SECRECY, context.getHandler());
    return from(this.requests.once(request, { key: String(key), status, ...secrecy }, handle));
  }
}

/**
 * For a POST that creates something. A repeat with the same `Idempotency-Key` creates nothing more and gets
 * the first response.
 */
export const Repeatable = ({
  takesSecret = false,
  showsSecret = false,
  forRepeats = (answer) => answer,
}: Partial<Secrecy> = {}): MethodDecorator =>
  applyDecorators(
    SetMetadata(SECRECY, { takesSecret, showsSecret, forRepeats } satisfies Secrecy),
    UseInterceptors(RepeatableInterceptor),
    ApiIdempotencyKey(),
  );

export function pathOf({ url }: Pick<FastifyRequest, 'url'>): string {
  return url.split('?')[0] ?? url;
}
