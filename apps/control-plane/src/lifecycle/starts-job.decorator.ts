import { type JobView } from '@atlas/operator-api';
import { Repeatable } from '@atlas/persistence';
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

/** Responds with 202 and the job's `Location` if a job was started, or with 200 for a dry run. */
@Injectable()
class StartedJobInterceptor implements NestInterceptor {
  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const reply = context.switchToHttp().getResponse<FastifyReply>();
    return next.handle().pipe(
      tap(({ job }: { readonly job?: JobView }) => {
        if (job) void reply.header('location', `/api/provisioning-jobs/${job.id}`);
        else void reply.status(200);
      }),
    );
  }
}

/**
 * Marks a route that starts a job, at most one for each `Idempotency-Key`.
 * The route returns the job or, for a dry run, the plan.
 */
export const StartsJob = (): MethodDecorator =>
  applyDecorators(HttpCode(202), UseInterceptors(StartedJobInterceptor), Repeatable());
