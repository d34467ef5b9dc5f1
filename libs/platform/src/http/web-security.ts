import { type NestFastifyApplication } from '@nestjs/platform-fastify';
import { type FastifyInstance } from 'fastify';
import { NO_CONTENT } from './content-policy';
import { corsOptions } from './cross-origin';

export const WEB_OPTIONS = Symbol('WEB_OPTIONS');
export interface WebOptions {
  /** Browsers are told to come by https only. */
  readonly isProduction: boolean;
  /** Whose pages may call the API, besides its own. */
  readonly allowedOrigins: readonly string[];
  /** Proxies in front, whose word on a client's address counts. */
  readonly trustedProxies: readonly string[];
}

/** What every answer tells a browser. Pages allow themselves more by a policy of their own. */
export function secure(app: NestFastifyApplication, { isProduction, allowedOrigins }: WebOptions): void {
  app.useSecurityHeaders({
    contentSecurityPolicy: { useDefaults: false, directives: NO_CONTENT },
    strictTransportSecurity: isProduction,
    xFrameOptions: { action: 'deny' },
  });
  if (allowedOrigins.length > 0) app.enableCors(corsOptions(allowedOrigins));
  const server = app.getHttpAdapter().getInstance() as unknown as FastifyInstance;
  // Most answers are of one tenant, some hold a secret, and none is asked for twice.
  server.addHook('onRequest', (_request, reply, done) => {
    void reply.header('cache-control', 'no-store');
    done();
  });
}
