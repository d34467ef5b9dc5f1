import { AsyncResource } from 'node:async_hooks';
import { DomainError, Metrics, takesLong, whenAnswering } from '@atlas/platform';
import { Injectable, type OnModuleInit } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { type FastifyInstance, type FastifyRequest } from 'fastify';
import { Counter, Gauge } from 'prom-client';
import { TenantPlaneConfig } from '../config/tenant-plane.config';
import { FairShare } from './fair-share';
import { TenantRouter, isOfThePlane } from './tenant-router';

/** At about 200 requests a second, the last in line waits for a second. */
const WAITING_EACH = 200;
const WAITING = 1000;

/**
 * Admits a limited number of requests at once, and lets tenants take turns. Under a load that this process
 * cannot serve, it keeps answering as many requests as it can, tenants with little traffic notice little,
 * and the rest is refused at once, before it costs anything.
 *
 * Routes that wait by design, such as those of agents, take no place. Streams take one until they begin.
 */
@Injectable()
export class Admission implements OnModuleInit {
  private readonly share: FairShare;
  private readonly refused: Counter;

  constructor(
    private readonly adapter: HttpAdapterHost,
    private readonly router: TenantRouter,
    { TENANT_PLANE_DATABASE_POOL_SIZE: connections }: TenantPlaneConfig,
    { registry }: Metrics,
  ) {
    this.share = new FairShare({
      atOnce: connections,
      // A tenant whose requests all wait for a lock leaves connections to the others.
      atOnceEach: Math.ceil(0.75 * connections),
      waitingEach: WAITING_EACH,
      waiting: WAITING,
    });
    const { share } = this;
    this.refused = new Counter({
      name: 'http_requests_refused_total',
      help: 'Requests that were refused because this process is overloaded',
      registers: [registry],
    });
    new Gauge({
      name: 'http_requests_waiting',
      help: 'Requests that wait for their turn',
      registers: [registry],
      collect() {
        this.set(share.waiting);
      },
    });
  }

  onModuleInit(): void {
    const server = this.adapter.httpAdapter.getInstance<FastifyInstance>();
    server.addHook('onRequest', (request, reply, done) => {
      // Health and metrics must be readable while the plane is overloaded.
      if (isOfThePlane(request.url) || takesLong(request.routeOptions.config)) {
        done();
        return;
      }
      // The turn comes when another request ends, and must not continue in that request's context.
      const start = AsyncResource.bind(() => done());
      void this.sharerOf(request).then((sharer) => {
        const leave = this.share.enter(sharer, start);
        if (leave) {
          whenAnswering(reply.raw, leave);
          return;
        }
        this.refused.inc();
        done(overloaded());
      });
    });
  }

  /** The tenants that this plane does not serve share one turn, so made-up names gain nothing. */
  private sharerOf(request: FastifyRequest): Promise<string> {
    return this.router.servedHere(request).then(
      (tenant) => tenant?.id ?? '',
      () => '',
    );
  }
}

function overloaded(): DomainError {
  return new DomainError(
    'overloaded',
    'unavailable',
    'This tenant sends more requests than the tenant plane can answer. Try again in a few seconds.',
    {},
    { 'retry-after': '2' },
  );
}
