import {
  type CallHandler,
  type ExecutionContext,
  type NestInterceptor,
  UseInterceptors,
} from '@nestjs/common';
import { type Observable, catchError } from 'rxjs';
import { CommitOutcomeUnknown } from './database-outage';

/**
 * What callers of a route should do if it is unknown whether its COMMIT took effect. For routes without an
 * Idempotency-Key whose effect cannot be checked, or that must not simply be repeated.
 */
export const AdvisesIfUnknown = (advice: string): MethodDecorator =>
  UseInterceptors(new OutcomeAdvice(advice));

export const SIGN_IN_AGAIN = 'Sign in again. If a session was created, it expires unused.';
export const TRY_THE_PASSWORD =
  'Sign in with the password you chose. If it is refused, nothing was stored, so repeat the request.';
export const WAIT_FOR_THE_MAIL = 'Wait for the email. If none arrives, repeat the request.';

class OutcomeAdvice implements NestInterceptor {
  constructor(private readonly advice: string) {}

  intercept(_: ExecutionContext, next: CallHandler): Observable<unknown> {
    return next.handle().pipe(
      catchError((error: unknown) => {
        throw error instanceof CommitOutcomeUnknown
          ? new CommitOutcomeUnknown(error.cause, this.advice)
          : error;
      }),
    );
  }
}
