import { type CallHandler, type ExecutionContext, type NestInterceptor } from '@nestjs/common';
import { ROUTE_ARGS_METADATA } from '@nestjs/common/constants';
import { RouteParamtypes } from '@nestjs/common/enums/route-paramtypes.enum';
import { type FastifyRequest } from 'fastify';
import { type Observable } from 'rxjs';
import { validationFailed } from '../errors/errors';
import { apiNotesOf } from '../openapi/api-decorators';

/**
 * Refuses what is sent to a route that takes no body. Otherwise it would be ignored, although its sender
 * expects an effect. An empty object is accepted, because many clients send it with every POST.
 */
export class DeclaredBodyInterceptor implements NestInterceptor {
  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const { body } = context.switchToHttp().getRequest<FastifyRequest>();
    if (body !== undefined && !takesBody(context)) refuse(body);
    return next.handle();
  }
}

/** A route of another media type reads the request itself. */
function takesBody(context: ExecutionContext): boolean {
  const handler = context.getHandler();
  const declared = Reflect.getMetadata(ROUTE_ARGS_METADATA, context.getClass(), handler.name) as object;
  const takes = Object.keys(declared ?? {}).some((id) => id.startsWith(`${RouteParamtypes.BODY}:`));
  return takes || apiNotesOf(handler).consumes !== undefined;
}

function refuse(body: unknown): void {
  const isObject =
    typeof body === 'object' && body !== null && !Array.isArray(body) && !Buffer.isBuffer(body);
  if (!isObject) throw validationFailed([{ field: '', message: 'this route takes no body' }]);
  const fields = Object.keys(body);
  const message = (field: string) => `property ${field} should not exist: this route takes no body`;
  if (fields.length > 0) throw validationFailed(fields.map((field) => ({ field, message: message(field) })));
}
