import { Controller, Get, Headers, Inject, Res } from '@nestjs/common';
import { timingSafeEqual } from 'node:crypto';
import { type FastifyReply } from 'fastify';
import { Histogram, Registry, collectDefaultMetrics } from 'prom-client';
import { DomainError } from '../errors/errors';
import { Public } from '../http/public.decorator';
import { ApiExcludeController } from '../openapi/api-decorators';
import { type Secret } from '../secrets/secret';

export const METRICS_OPTIONS = Symbol('METRICS_OPTIONS');
export interface MetricsOptions {
  /**
   * The bearer token that scrapers must send. If unset, anyone may read the metrics; each plane's
   * configuration requires a token in production.
   */
  readonly token?: Secret;
}

/**
 * The process's metrics. No label names a tenant, so the number of series does not grow with the number of
 * tenants.
 */
export class Metrics {
  readonly registry = new Registry();
  readonly requestSeconds = new Histogram({
    name: 'http_request_duration_seconds',
    help: 'Response time, by route pattern',
    labelNames: ['method', 'route', 'status'],
    buckets: [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10],
    registers: [this.registry],
  });

  constructor() {
    collectDefaultMetrics({ register: this.registry });
  }
}

@ApiExcludeController()
@Controller()
export class MetricsController {
  constructor(
    private readonly metrics: Metrics,
    @Inject(METRICS_OPTIONS) private readonly options: MetricsOptions,
  ) {}

  @Public()
  @Get('metrics')
  async scrape(
    @Headers('authorization') authorization: string | undefined,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const { token } = this.options;
    if (token && !sameText(authorization ?? '', `Bearer ${token.reveal()}`)) {
      throw new DomainError('unauthenticated', 'unauthenticated', 'Send METRICS_TOKEN as a bearer token.');
    }
    await reply.type(this.metrics.registry.contentType).send(await this.metrics.registry.metrics());
  }
}

function sameText(a: string, b: string): boolean {
  return a.length === b.length && timingSafeEqual(Buffer.from(a), Buffer.from(b));
}
