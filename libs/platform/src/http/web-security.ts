import { type NestFastifyApplication } from '@nestjs/platform-fastify';
import { type FastifyInstance } from 'fastify';
import { NO_CONTENT } from './content-policy';
import { corsOptions } from './cross-origin';

export const WEB_OPTIONS = Symbol('WEB_OPTIONS');
export interface WebOptions {
  /** Browsers are told to use https only. */
  readonly isProduction: boolean;
  /** Other origins whose pages may call the API. */
  readonly allowedOrigins: readonly string[];
  /** Proxies in front whose `x-forwarded-for` is trusted. */
  readonly trustedProxies: readonly string[];
}

/** What every answer tells a browser. Pages set their own, wider policy. */
export function secure(app: NestFastifyApplication, { isProduction, allowedOrigins }: WebOptions): void {
  app.useSecurityHeaders({
    contentSecurityPolicy: { useDefaults: false, directives: NO_CONTENT },
    strictTransportSecurity: isProduction,
    xFrameOptions: { action: 'deny' },
  });
  if (allowedOrigins.length > 0) app.enableCors(corsOptions(allowedOrigins));
  const server = app.getHttpAdapter().getInstance() as unknown as FastifyInstance;
  // Most answers belong to one tenant, some contain a secret, and none is reusable.
  server.addHook('onRequest', (_request, reply, done) => {
    void reply.header('cache-control', 'no-store');
    done();
  });
}
