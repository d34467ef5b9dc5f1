import { type CallHandler, type ExecutionContext, Injectable, type NestInterceptor } from '@nestjs/common';
import { type FastifyRequest } from 'fastify';
import { type Observable } from 'rxjs';
import { Webhooks } from './webhooks';

/**
 * Refuses a `url` that may not be called. It runs before the transaction of a repeatable request, which must
 * not wait for a name to be resolved. A body that is not valid is left to the validation.
 */
@Injectable()
export class AllowedAddress implements NestInterceptor {
  constructor(private readonly webhooks: Webhooks) {}

  async intercept(context: ExecutionContext, next: CallHandler): Promise<Observable<unknown>> {
    const { body } = context.switchToHttp().getRequest<FastifyRequest<{ Body?: { url?: unknown } }>>();
    const url = body?.url;
    if (typeof url === 'string' && URL.canParse(url)) await this.webhooks.requireAllowed(url);
    return next.handle();
  }
}
