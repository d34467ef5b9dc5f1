import { Repeatable } from '@atlas/persistence';
import { type RunPlanView, type RunView } from '@atlas/tenant-api/automation';
import {
  type CallHandler,
  type ExecutionContext,
  HttpCode,
  Injectable,
  type NestInterceptor,
  UseInterceptors,
  applyDecorators,
} from '@nestjs/common';
import { type FastifyReply } from 'fastify';
import { type Observable, tap } from 'rxjs';

/** Adds the `Location` of a run that was started, or changes the status of a dry run to 200. */
@Injectable()
class StartedRun implements NestInterceptor {
  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const reply = context.switchToHttp().getResponse<FastifyReply>();
    return next.handle().pipe(
      tap((answer: RunPlanView | RunView) => {
        if ('id' in answer) void reply.header('location', `/api/automation/jobs/${answer.id}`);
        else void reply.status(200);
      }),
    );
  }
}

/** Marks the route that starts a run, at most one for each `Idempotency-Key`. */
export const StartsRun = (): MethodDecorator =>
  applyDecorators(HttpCode(202), UseInterceptors(StartedRun), Repeatable({ takesSecret: true }));
