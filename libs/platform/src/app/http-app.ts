import { isUtf8 } from 'node:buffer';
import {
  type DynamicModule,
  Logger,
  type LoggerService,
  RequestMethod,
  ShutdownSignal,
  type Type,
} from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { type FastifyInstance, type FastifyRequest } from 'fastify';
import { serveApiDocs } from '../openapi/api-docs';
import { type WebAppOptions, serveWebApp } from '../pages/web-app';
import { validationFailed } from '../errors/errors';
import { Draining } from '../monitoring/health';
import { Metrics } from '../monitoring/metrics';
import { ProblemFilter } from '../problems/problem.filter';
import { type RequestContext, newTraceId, runInContext, traceIdOf } from '../http/request-context';
import { DeclaredBodyInterceptor } from './declared-body.interceptor';
import {
  REQUEST_LIMITS,
  type RequestLimits,
  acceptStreams,
  limitRoutes,
  serverLimits,
} from './request-limits';
import { trustOf } from '../http/trusted-proxies';
import { createValidationPipe, inheritedField, isTooDeep } from '../input/validation.pipe';
import { WEB_OPTIONS, type WebOptions, secure } from '../http/web-security';

const UNPREFIXED = [
  '/',
  'health/live',
  'health/ready',
  'api/health',
  'metrics',
  'signup',
  'reset-password',
  'assets/page.css',
  'assets/page.js',
  'help',
  'help/:name',
];

export interface HttpAppOptions {
  /** The name of the plane's API description, docs/openapi/`<name>`.json. */
  readonly name: string;
  readonly logger?: LoggerService | false;
  /** A media type accepted in addition to JSON. Its bodies have up to `maxBytes`. */
  readonly alsoAccepts?: {
    readonly type: string;
    readonly maxBytes: number;
    /** Turns the bytes into the body that handlers see. Without it, they see the bytes. */
    readonly read?: (bytes: Buffer) => unknown;
  };
  /** A media type that routes with `TakesStream` accept. */
  readonly streams?: string;
  /** The app whose pages the plane serves. */
  readonly webApp?: WebAppOptions;
  /** Overrides the usual limits, for tests. */
  readonly limits?: Partial<RequestLimits>;
  /** Builds the object graph without starting anything, to generate the API description. */
  readonly preview?: boolean;
}

/**
 * Creates the HTTP application of a plane: Fastify, prefix, validation, problem responses, trace ids,
 * metrics, OpenAPI and shutdown.
 */
export async function createHttpApp(
  module: Type | DynamicModule,
  options: HttpAppOptions,
): Promise<NestFastifyApplication> {
  const limits = { ...REQUEST_LIMITS, ...options.limits };
  // Replaced below, once the module has been created.
  let isTrusted = (_address: string): boolean => false;
  const adapter = new FastifyAdapter({
    ...serverLimits(limits),
    forceCloseConnections: 'idle',
    // Requests that arrive during shutdown are still served. Their responses close the connection.
    return503OnClosing: false,
    trustProxy: (address) => isTrusted(address),
    routerOptions: { maxParamLength: 200 },
    schemaController: { compilersFactory: { buildValidator: noSchemas, buildSerializer: noSchemas } },
  });
  const app = await NestFactory.create<NestFastifyApplication>(module, adapter, {
    rawBody: true,
    bodyParser: false,
    abortOnError: false,
    preview: options.preview ?? false,
    logger: options.logger ?? ['error', 'fatal'],
  });
  acceptJsonOnly(app, limits.bodyBytes);
  const { alsoAccepts: other } = options;
  if (other) {
    const { type, maxBytes: bodyLimit, read = (bytes) => bytes } = other;
    app.useBodyParser(type, { bodyLimit }, (_, body, done) => done(null, read(body)));
  }
  if (options.streams !== undefined)
    acceptStreams(adapter.getInstance() as unknown as FastifyInstance, options.streams);
  app.setGlobalPrefix('api', { exclude: UNPREFIXED.map((path) => ({ path, method: RequestMethod.GET })) });
  app.useGlobalPipes(createValidationPipe());
  app.useGlobalInterceptors(new DeclaredBodyInterceptor());
  app.useGlobalFilters(new ProblemFilter());
  app.enableShutdownHooks([ShutdownSignal.SIGTERM, ShutdownSignal.SIGINT], { useProcessExit: true });
  const server = adapter.getInstance() as unknown as FastifyInstance;
  if (!options.preview) {
    instrument(server, app.get(Metrics));
    refuseSeveralHosts(server);
    const web = app.get<WebOptions>(WEB_OPTIONS);
    isTrusted = trustOf(web.trustedProxies);
    secure(app, web);
    limitRoutes(server, limits);
    sendAwayWhile(app.get(Draining), server);
  }
  serveApiDocs(app, options.name);
  if (options.webApp) serveWebApp(server, options.webApp);
  return app;
}

/**
 * DTOs validate bodies. Without this function, Fastify would load two JSON schema compilers at each start.
 */
function noSchemas(): never {
  throw new Error('Fastify route schemas are not supported: DTOs validate bodies.');
}

/**
 * Accepts only JSON, because another site can make a browser submit a form. Also accepts an empty body
 * declared as JSON, which Fastify would reject as malformed.
 */
function acceptJsonOnly(app: NestFastifyApplication, bodyLimit: number): void {
  const server = app.getHttpAdapter().getInstance();
  // By default, this parser reports names such as `__proto__` as malformed JSON. faultOf refuses them with a
  // clear message.
  const parse = server.getDefaultJsonParser('ignore', 'ignore');
  server.removeAllContentTypeParsers();
  app.useBodyParser('application/json', { bodyLimit }, (request, body, done) => {
    if (body.length === 0) done(null, undefined);
    else if (!isUtf8(body)) done(validationFailed([{ field: '', message: 'must be JSON in UTF-8' }]));
    // The parser ignores the request, but its types require a request of Fastify's default server.
    else
      parse(request as FastifyRequest, body.toString('utf8'), (error, value) =>
        done(error ?? faultOf(value), value),
      );
  });
}

const HOST = 'host';

/**
 * Rejects requests with several Host headers (RFC 9112, section 3.2). Node uses the first Host header, but a
 * proxy in front of the plane might use another.
 */
function refuseSeveralHosts(server: FastifyInstance): void {
  server.addHook('onRequest', (request, _reply, done) => {
    const isHost = (text: string, at: number): boolean =>
      at % 2 === 0 && text.length === HOST.length && text.toLowerCase() === HOST;
    if (request.raw.rawHeaders.filter(isHost).length > 1)
      done(validationFailed([{ field: 'host', message: 'is sent more than once' }]));
    else done();
  });
}

/**
 * Why a parsed body must be refused, or null. This check runs before any other code reads the body, because
 * recursion into a deeply nested body would overflow the stack.
 */
function faultOf(value: unknown): Error | null {
  if (isTooDeep(value)) return validationFailed([{ field: '', message: 'is nested too deeply' }]);
  const field = inheritedField(value);
  if (field === null) return null;
  const name = field.slice(field.lastIndexOf('.') + 1);
  return validationFailed([{ field, message: `${name} is a reserved property name: choose another` }]);
}

/**
 * While the plane drains, each response closes its connection. Otherwise, a client that reuses the connection
 * would send its next request to a closing server and get 503.
 */
function sendAwayWhile(draining: Draining, server: FastifyInstance): void {
  server.addHook('onSend', (_request, reply, payload, done) => {
    if (draining.isDraining) void reply.header('connection', 'close');
    done(null, payload);
  });
}

function instrument(server: FastifyInstance, metrics: Metrics): void {
  const logger = new Logger('Http');
  const contexts = new WeakMap<FastifyRequest, RequestContext>();
  server.addHook('onRequest', (request, reply, done) => {
    const context = { traceId: traceIdOf(request.headers.traceparent), ip: request.ip };
    contexts.set(request, context);
    void reply.header('x-trace-id', context.traceId);
    runInContext(context, done);
  });
  // The body is read in the socket's own async context, so the request's context is restored afterwards.
  server.addHook('preValidation', (request, _reply, done) => {
    const context = contexts.get(request);
    if (context) runInContext(context, done);
    else done();
  });
  server.addHook('onResponse', (request, reply, done) => {
    const labels = {
      method: request.method,
      route: request.routeOptions.url ?? 'unmatched',
      status: reply.statusCode,
    };
    metrics.requestSeconds.observe(labels, reply.elapsedTime / 1000);
    const answered = { msg: 'answered', ...labels, ms: Math.round(reply.elapsedTime) };
    runInContext(contexts.get(request) ?? { traceId: newTraceId() }, () => logger.debug(answered));
    done();
  });
}
