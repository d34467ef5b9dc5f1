import {
  type ArgumentsHost,
  Catch,
  type ExceptionFilter,
  HttpException,
  Logger,
  NotFoundException,
} from '@nestjs/common';
import { type FastifyReply, type FastifyRequest } from 'fastify';
import { databaseFailure, isDatabaseFault } from '../errors/database-outage';
import { DomainError, type ErrorKind, STATUS_OF_KIND, validationFailed } from '../errors/errors';
import { problemOf } from './problem';
import { PAGE_HEADERS, problemPage } from './problem-page';
import { currentContext } from '../http/request-context';

const KIND_OF_STATUS = new Map(
  Object.entries(STATUS_OF_KIND).map(([kind, status]) => [status, kind as ErrorKind]),
);

/** Turns every error into RFC 9457 `application/problem+json` with a stable `code` and the `trace_id`. */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  private readonly logger = new Logger(ProblemFilter.name);

  catch(exception: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    const reply = http.getResponse<FastifyReply>();
    // The response has already started, so only closing it can signal the failure.
    if (reply.raw.headersSent) {
      reply.raw.end();
      return;
    }
    if (isHealthReport(exception)) {
      void reply.status(exception.getStatus()).send(exception.getResponse());
      return;
    }
    const error = toDomainError(exception);
    if (error.kind === 'internal' || isDatabaseFault(exception)) this.logger.error(exception);
    if (TOLD_OF.includes(error.kind)) this.logger.log(refusalOf(error, http.getRequest<FastifyRequest>()));
    const status = STATUS_OF_KIND[error.kind];
    const problem = problemOf(error, currentContext()?.traceId);
    if (isForBrowser(http.getRequest<FastifyRequest>())) {
      this.showPerson(error, status, reply);
      return;
    }
    const body = JSON.stringify(problem);
    const signature = (error as SignableError).signAnswer?.({ status, body });
    void reply
      .status(status)
      .headers({ ...error.headers, ...signature, 'content-type': 'application/problem+json' })
      .send(body);
  }

  /** Answers a person who has opened a link in a browser. */
  protected showPerson(error: DomainError, status: number, reply: FastifyReply): void {
    void reply
      .status(status)
      .headers({ ...error.headers, ...PAGE_HEADERS })
      .send(problemPage(problemOf(error, currentContext()?.traceId)));
  }
}

/**
 * The kinds of refusals to log, because they may be part of an attack. Successful actions are in the audit
 * trail.
 */
const TOLD_OF: readonly ErrorKind[] = ['invalid', 'unauthenticated', 'forbidden', 'too_many'];

/** Logs the route pattern, because a path may contain private data. */
function refusalOf({ code }: DomainError, { method, routeOptions }: FastifyRequest): object {
  const { actor, ip } = currentContext() ?? {};
  return { msg: 'refused', code, method, route: routeOptions.url ?? 'unmatched', actor, ip };
}

/**
 * Whether a person has opened a link in a browser. Browsers accept text/html, whereas programs accept JSON or
 * anything.
 */
export function isForBrowser({ method, headers }: FastifyRequest): boolean {
  return method === 'GET' && (headers.accept ?? '').includes('text/html');
}

/** A refusal that its receiver can verify. A plane corrects its clock only after a signed refusal. */
interface SignableError extends DomainError {
  readonly signAnswer?: (answer: { status: number; body: string }) => Record<string, string>;
}

function toDomainError(exception: unknown): DomainError {
  if (exception instanceof DomainError) return exception;
  const failure = databaseFailure(exception);
  if (failure) return failure;
  const status = exception instanceof HttpException ? exception.getStatus() : statusCodeOf(exception);
  const message = exception instanceof Error ? exception.message : '';
  // Fastify's errors while reading a body, such as malformed JSON.
  if (status === 400) return validationFailed([{ field: '', message }]);
  const kind = status === undefined ? 'internal' : (KIND_OF_STATUS.get(status) ?? 'internal');
  if (kind === 'internal') {
    return new DomainError(
      'internal_error',
      'internal',
      'Something went wrong on our side. Quote the trace_id when you report it.',
    );
  }
  // Nest's message repeats the path, which may contain a secret.
  const detail = exception instanceof NotFoundException ? NO_ROUTE : message;
  return new DomainError(CODE_OF_KIND[kind] ?? kind, kind, detail);
}

const NO_ROUTE = 'There is nothing at this path for this method. The API is described at /docs.';

const CODE_OF_KIND: Partial<Record<ErrorKind, string>> = {
  too_large: 'body_too_large',
  unsupported: 'unsupported_media_type',
  too_many: 'too_many_requests',
};

function statusCodeOf(exception: unknown): number | undefined {
  const status = (exception as { statusCode?: unknown } | null)?.statusCode;
  return typeof status === 'number' ? status : undefined;
}

/** Terminus responds with 503 and the state of each check. Monitors expect that document unchanged. */
function isHealthReport(exception: unknown): exception is HttpException {
  if (!(exception instanceof HttpException) || exception.getStatus() !== 503) return false;
  const body = exception.getResponse();
  return typeof body === 'object' && 'details' in body;
}
