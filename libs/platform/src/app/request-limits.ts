import { type Server } from 'node:http';
import { Logger, applyDecorators } from '@nestjs/common';
import { RouteConfig } from '@nestjs/platform-fastify';
import { type FastifyHttpOptions, type FastifyInstance } from 'fastify';
import { DomainError } from '../errors/errors';
import { ApiConsumes } from '../openapi/api-decorators';
import { headersTooLarge, refuseConnection, refusePath } from '../problems/unrouted';

/** How large a request may be, and how long it may take. */
export interface RequestLimits {
  /** Maximum size of a JSON body. */
  readonly bodyBytes: number;
  readonly headerBytes: number;
  readonly headers: number;
  /**
   * Maximum time until all headers have arrived, measured from the opening of the connection or, for each
   * later request on it, from that request's first byte.
   */
  readonly headersMs: number;
  /** Maximum time until the whole request has arrived. */
  readonly requestMs: number;
  /** How long a connection may be silent in both directions. */
  readonly silenceMs: number;
  /** Maximum time until the response starts, unless the route declares {@link AnswersWithin}. */
  readonly answerMs: number;
}

export const REQUEST_LIMITS: RequestLimits = {
  bodyBytes: 1_048_576,
  headerBytes: 16_384,
  headers: 100,
  headersMs: 10_000,
  requestMs: 120_000,
  silenceMs: 300_000,
  answerMs: 60_000,
};

/**
 * Overrides the maximum response time for a route that waits for something. The limit applies until the
 * response starts; a stream may last longer.
 */
export const AnswersWithin = (seconds: number): MethodDecorator => RouteConfig({ answerMs: seconds * 1000 });

/** The longest time that any route allows for a request to arrive. */
const LONGEST_REQUEST_MS = 3_600_000;

interface RouteLimits {
  readonly answerMs?: number;
  readonly requestMs?: number;
  readonly streams?: string;
}

/**
 * For a route that reads its body as a stream of this media type. The body may have any size, and may take an
 * hour to arrive.
 */
export const TakesStream = (type: string): MethodDecorator =>
  applyDecorators(
    RouteConfig({ streams: type, answerMs: LONGEST_REQUEST_MS, requestMs: LONGEST_REQUEST_MS }),
    ApiConsumes(type),
  );

/** Lets routes with {@link TakesStream} read bodies of this type. All other routes refuse them. */
export function acceptStreams(server: FastifyInstance, type: string): void {
  server.addContentTypeParser(type, ({ routeOptions }, body, done) => {
    if (limitsOf(routeOptions.config).streams === type) done(null, body);
    else done(unsupportedMediaType());
  });
}

export function unsupportedMediaType(): DomainError {
  return new DomainError(
    'unsupported_media_type',
    'unsupported',
    'This route does not accept bodies of this media type.',
  );
}

/** Whether requests on this route may last long although they are little work, since the route waits. */
export function takesLong(routeConfig: object | undefined): boolean {
  return limitsOf(routeConfig).answerMs !== undefined;
}

function limitsOf(config: object | undefined): RouteLimits {
  return config ?? {};
}

export function serverLimits(limits: RequestLimits): FastifyHttpOptions<Server> {
  return {
    bodyLimit: limits.bodyBytes,
    // Each route has its own limit, which is lower.
    requestTimeout: LONGEST_REQUEST_MS,
    connectionTimeout: limits.silenceMs,
    clientErrorHandler: refuseConnection,
    frameworkErrors: refusePath,
    http: {
      maxHeaderSize: limits.headerBytes,
      headersTimeout: limits.headersMs,
      connectionsCheckingInterval: Math.min(limits.headersMs, 1000),
    },
  };
}

export function limitRoutes(server: FastifyInstance, limits: RequestLimits): void {
  const logger = new Logger('Http');
  server.addHook('onRequest', (request, _reply, done) => {
    if (request.raw.rawHeaders.length > 2 * limits.headers) done(headersTooLarge());
    else done();
  });
  // Node has only one limit for all routes.
  server.addHook('onRequest', ({ routeOptions, raw }, _reply, done) => {
    const { requestMs = limits.requestMs } = limitsOf(routeOptions.config);
    const timer = setTimeout(() => {
      const late = Object.assign(new Error(), { code: 'ERR_HTTP_REQUEST_TIMEOUT' });
      if (!raw.complete) refuseConnection(late, raw.socket);
    }, requestMs).unref();
    raw.once('close', () => clearTimeout(timer));
    done();
  });
  // Fastify's own handlerTimeout is not used, because it is cancelled once the body has been read.
  server.addHook('onRequest', ({ routeOptions, method }, reply, done) => {
    const { answerMs = limits.answerMs } = limitsOf(routeOptions.config);
    const timer = setTimeout(() => {
      if (reply.sent || reply.raw.headersSent) return;
      logger.error({ msg: 'gave up', method, route: routeOptions.url, ms: answerMs });
      void reply.send(tookTooLong());
    }, answerMs).unref();
    reply.raw.once('close', () => clearTimeout(timer));
    done();
  });
}

function tookTooLong(): DomainError {
  const detail =
    'The request took too long, but may still complete. Check its result, or repeat the request with ' +
    'the same Idempotency-Key if you sent one.';
  return new DomainError('took_too_long', 'unavailable', detail, {}, { 'retry-after': '5' });
}
