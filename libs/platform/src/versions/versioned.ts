import {
  type CallHandler,
  type ExecutionContext,
  type NestInterceptor,
  SetMetadata,
  UseInterceptors,
  applyDecorators,
  createParamDecorator,
} from '@nestjs/common';
import { type FastifyReply, type FastifyRequest } from 'fastify';
import { type Observable, tap } from 'rxjs';
import { ApiVersioned } from '../openapi/api-decorators';
import { ExpectedVersion, type VersionOf, entityTag } from './expected-version';

const VERSION_OF = 'platform:version-of';

type Handler<View> = (...args: never[]) => Promise<View>;
/** Removes the thing. */
type RemovingHandler = Handler<void>;

/** Sends the version of the view that the handler returns. */
class VersionInterceptor implements NestInterceptor {
  intercept(context: ExecutionContext, next: CallHandler<unknown>): Observable<unknown> {
    const versionOf = versionOfHandler(context);
    const reply = context.switchToHttp().getResponse<FastifyReply>();
    return next.handle().pipe(
      tap((view) => {
        if (view !== undefined) void reply.header('etag', entityTag(versionOf(view)));
      }),
    );
  }
}

/**
 * For the routes that show, change or remove one thing. Responses that show it carry its version as `ETag`.
 * A route that changes or removes it also takes {@link IfMatch}, so that of two people who edit the same
 * version, the second is told.
 */
export function Versioned<View>(versionOf: VersionOf<View>) {
  return <Served extends Handler<View> | RemovingHandler>(
    target: object,
    key: string | symbol,
    descriptor: TypedPropertyDescriptor<Served>,
  ): void =>
    applyDecorators(
      SetMetadata(VERSION_OF, versionOf),
      UseInterceptors(new VersionInterceptor()),
      ApiVersioned(),
    )(target, key, descriptor);
}

/** The {@link ExpectedVersion} of this request. The service must check it, with the row locked. */
export const IfMatch = createParamDecorator((_: unknown, context: ExecutionContext) => {
  const { headers } = context.switchToHttp().getRequest<FastifyRequest>();
  return ExpectedVersion.in(headers['if-match'], versionOfHandler(context));
});

function versionOfHandler(context: ExecutionContext): VersionOf<unknown> {
  const handler = context.getHandler();
  const versionOf = Reflect.getMetadata(VERSION_OF, handler) as VersionOf<unknown> | undefined;
  if (!versionOf) throw new Error(`${handler.name} takes @IfMatch. Add @Versioned to it.`);
  return versionOf;
}
