import { type NestFastifyApplication } from '@nestjs/platform-fastify';
import { type FastifyInstance } from 'fastify';
import { NO_CONTENT } from './content-policy';
import { corsOptions } from './cross-origin';

export const WEB_OPTIONS = Symbol('WEB_OPTIONS');
export interface WebOptions {
  /** If true, browsers are instructed to use only https. */
  readonly isProduction: boolean;
  /** Other origins whose pages may call the API. */
  readonly allowedOrigins: readonly string[];
  /** Reverse proxies whose `x-forwarded-for` is trusted. */
  readonly trustedProxies: readonly string[];
}

/**
 * Sets the security headers of every response. Pages replace the content security policy with a less strict
 * one.
 */
export function secure(app: NestFastifyApplication, { isProduction, allowedOrigins }: WebOptions): void {
  app.useSecurityHeaders({
    contentSecurityPolicy: { useDefaults: false, directives: NO_CONTENT },
    strictTransportSecurity: isProduction,
    xFrameOptions: { action: 'deny' },
  });
  if (allowedOrigins.length > 0) app.enableCors(corsOptions(allowedOrigins));
  const server = app.getHttpAdapter().getInstance() as unknown as FastifyInstance;
  // Most responses belong to one tenant, some contain a secret, and none should be cached.
  server.addHook('onRequest', (_request, reply, done) => {
    void reply.header('cache-control', 'no-store');
    done();
  });
}
