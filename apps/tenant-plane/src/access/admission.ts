import { AsyncResource } from 'node:async_hooks';
import { Database } from '@atlas/persistence';
import {
  BoundedMap,
  Clock,
  DomainError,
  Metrics,
  isForBrowser,
  refuseAtOnce,
  takesLong,
  whenAnswering,
  whenClosed,
} from '@atlas/platform';
import { Injectable, Logger, type OnModuleInit } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { Counter, Gauge } from 'prom-client';
import { TenantPlaneConfig } from '../config/tenant-plane.config';
import { FairShare } from './fair-share';
import { SessionCookie } from './session-cookie';
import { TenantRouter, isOfThePlane } from './tenant-router';

/** At about 200 requests a second, the last in line waits for a second. */
const WAITING_EACH = 200;
const WAITING = 1000;
/** SQLite has one connection. While a request uses it, others compute. */
const AT_ONCE_ON_SQLITE = 10;
const MAX_LINES = 10_000;
const QUIET_MS = 10_000;
/** How long a refusal waits for others. */
const TOGETHER_MS = 50;
/** How long the place of a caller who has gone is kept for the work that goes on. */
const GONE_MS = 10_000;

/**
 * Admits a limited number of requests at once, and lets tenants take turns. Under a load that this process
 * cannot serve, it keeps answering as many requests as it can, tenants with little traffic notice little,
 * and the rest is refused before it costs a query.
 *
 * Routes that wait for something else than the database take no place, and streams leave theirs when they
 * begin.
 */
@Injectable()
export class Admission implements OnModuleInit {
  private readonly server: FastifyInstance;
  private readonly share: FairShare;
  private readonly refused: Counter;
  private readonly logger = new Logger(Admission.name);
  private readonly turnedAway: [FastifyRequest, FastifyReply][] = [];
  /** How many requests of each line have been refused since the log last said so. */
  private readonly refusals = new Map<string, number>();
  /** In milliseconds on the monotonic clock. */
  private quietUntil = 0;
  /** The line of those who name a tenant in the same way. */
  private readonly lines = new BoundedMap<string, string>(MAX_LINES);

  constructor(
    { httpAdapter }: HttpAdapterHost,
    private readonly router: TenantRouter,
    private readonly cookie: SessionCookie,
    private readonly clock: Clock,
    database: Database,
    config: TenantPlaneConfig,
    { registry }: Metrics,
  ) {
    const isPostgres = database.driver === 'postgres';
    const atOnce = isPostgres ? config.TENANT_PLANE_DATABASE_POOL_SIZE : AT_ONCE_ON_SQLITE;
    this.share = new FairShare({
      atOnce,
      // Callers whose requests all wait for a lock leave connections to the others.
      atOnceEach: Math.max(1, Math.floor(0.75 * atOnce)),
      kept: Math.floor(0.2 * atOnce),
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
      name: 'http_requests_running',
      help: 'Requests that have a place',
      registers: [registry],
      collect() {
        this.set(share.running);
      },
    });
    new Gauge({
      name: 'http_requests_waiting',
      help: 'Requests that wait for their turn',
      registers: [registry],
      collect() {
        this.set(share.waiting);
      },
    });
    this.server = httpAdapter.getInstance<FastifyInstance>();
    // Added here, so that it runs before all other hooks: five times the load leaves little for each refusal.
    this.server.addHook('onRequest', (request, reply, done) => {
      const full = this.fullLineOf(request);
      if (full === undefined) return done();
      this.noteRefusal(full);
      this.refuseSoon(request, reply);
    });
  }

  onModuleInit(): void {
    // After the body has arrived, because a caller who sends none would keep a place.
    this.server.addHook('preValidation', (request, reply, done) => {
      if (isExempt(request)) done();
      else this.lineOf(request).then((line) => this.admit(line, request, reply, done), done);
    });
  }

  private admit(
    line: string,
    { raw: { socket } }: FastifyRequest,
    { raw: response }: FastifyReply,
    done: (error?: Error) => void,
  ): void {
    if (socket.destroyed) return;
    // The turn comes when another request ends, and must not continue in that request's context.
    const proceed = AsyncResource.bind(done);
    let onGone: (() => void) | undefined;
    const stay = whenClosed(socket, () => onGone?.());
    const giveUp = this.share.enter(line, {
      start: (leave) => {
        onGone = () => setTimeout(leave, GONE_MS).unref();
        whenAnswering(response, () => {
          stay();
          leave();
        });
        proceed();
      },
      refuse: () => {
        stay();
        this.noteRefusal(line);
        proceed(OVERLOADED);
      },
    });
    onGone ??= giveUp;
  }

  /** The line of this request, if it would be refused once its body has arrived. Browsers get a page then. */
  private fullLineOf(request: FastifyRequest): string | undefined {
    if (this.share.waiting < WAITING_EACH || isExempt(request) || isForBrowser(request)) return undefined;
    const line = this.lines.get(this.nameOfLine(request));
    return line !== undefined && this.share.refuses(line) ? line : undefined;
  }

  /** Sends refusals together, because to wake the callers one at a time costs more than the refusals. */
  private refuseSoon(request: FastifyRequest, reply: FastifyReply): void {
    const first = this.turnedAway.push([request, reply]) === 1;
    if (!first) return;
    setTimeout(() => {
      for (const one of this.turnedAway.splice(0)) refuseAtOnce(OVERLOADED, ...one);
    }, TOGETHER_MS);
  }

  /** Says in the log now and then whose requests are refused, so that an operator finds the cause. */
  private noteRefusal(line: string): void {
    this.refused.inc();
    this.refusals.set(line, (this.refusals.get(line) ?? 0) + 1);
    const now = this.clock.monotonicMs();
    if (now < this.quietUntil) return;
    this.quietUntil = now + QUIET_MS;
    this.logger.warn({ msg: 'overloaded', refused: Object.fromEntries(this.refusals) });
    this.refusals.clear();
  }

  /**
   * Callers without a session have a line of their own, so that a flood of sign-ins leaves room for those
   * who work. The tenants that this plane does not serve share one line, so made-up names gain nothing.
   */
  private async lineOf(request: FastifyRequest): Promise<string> {
    const tenant = await this.router.servedHere(request).catch(() => null);
    if (!tenant) return 'tenants that are not served here';
    const line = this.hasSession(request) ? tenant.id : `${tenant.id} without session`;
    this.lines.set(this.nameOfLine(request), line);
    return line;
  }

  private nameOfLine(request: FastifyRequest): string {
    return `${this.router.nameOf(request)} ${this.hasSession(request)}`;
  }

  private hasSession({ headers }: FastifyRequest): boolean {
    return this.cookie.credentialOf(headers) !== undefined;
  }
}

/**
 * Health and metrics must be readable while the plane is overloaded, and so must the page that says so. What
 * takes long by design would hold places while it waits. Alerts wait in a line for each data source, and
 * calls of agents in a line for each agent.
 */
function isExempt({ url, routeOptions }: FastifyRequest): boolean {
  const isOwnLine = /^\/api\/(?:ingest|agent)\//.test(url) || takesLong(routeOptions.config);
  return isOwnLine || isOfThePlane(url) || url.startsWith('/assets/');
}

/** Made once, because a stack trace for each refusal is a large part of its cost. */
const OVERLOADED = new DomainError(
  'overloaded',
  'unavailable',
  'The tenant plane gets more requests than it can answer. Try again in a few seconds.',
  {},
  { 'retry-after': '2' },
);
