import {
  type CallHandler,
  type ExecutionContext,
  Injectable,
  type NestInterceptor,
  UseInterceptors,
  applyDecorators,
} from '@nestjs/common';
import { ApiHeader } from '@nestjs/swagger';
import { type FastifyReply } from 'fastify';
import { type Observable, from, lastValueFrom } from 'rxjs';
import { type AuthenticatedRequest } from '../accounts/caller';
import { Idempotency, type RepeatableAnswer } from './idempotency.service';
import { bodyOf } from './send-repeatable';

/** Runs the handler, and all that it writes, once for each `Idempotency-Key`. */
@Injectable()
class RepeatableInterceptor implements NestInterceptor {
  constructor(private readonly idempotency: Idempotency) {}

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const http = context.switchToHttp();
    const request = http.getRequest<AuthenticatedRequest>();
    const { headers, operator, method, url, body } = request;
    const key = headers['idempotency-key'];
    if (key === undefined) return next.handle();
    const path = url.split('?')[0] ?? url;
    const repeat = { scope: [operator?.id ?? '', method, path], key: String(key), body };
    const { statusCode } = http.getResponse<FastifyReply>();
    const answer = this.idempotency.once(repeat, async () =>
      repeatable(statusCode, await lastValueFrom<Created>(next.handle())),
    );
    return from(answer.then(bodyOf));
  }
}

interface Created extends Record<string, unknown> {
  readonly install?: { readonly token_id: string };
}

function repeatable(status: number, { install, ...body }: Created): RepeatableAnswer {
  const shownOnce = install && { tokenId: install.token_id, bundle: install };
  return { status, headers: {}, body, install: shownOnce };
}

/** A POST that creates: with an `Idempotency-Key` it creates once, and repeats are answered as the first was. */
export const Repeatable = (): MethodDecorator =>
  applyDecorators(
    UseInterceptors(RepeatableInterceptor),
    ApiHeader({ name: 'idempotency-key', required: false }),
  );
