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

/** A started job: 202 and where it can be followed. A dry run: 200. */
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
 * A route that starts a job: once for each `Idempotency-Key`.
 * It answers with the job, or with the plan of a dry run.
 */
export const StartsJob = (): MethodDecorator =>
  applyDecorators(HttpCode(202), UseInterceptors(StartedJobInterceptor), Repeatable());
