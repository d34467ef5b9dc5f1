import { setTimeout as delay } from 'node:timers/promises';
import {
  HEALTH_STATUSES,
  MAX_HEALTH_DETAIL,
  type ReportedHealth,
  type ReportedHealthCheck,
  worstOf,
} from '@atlas/plane-contract';
import { Clock, Metrics } from '@atlas/platform';
import { Inject, Injectable } from '@nestjs/common';
import { Gauge } from 'prom-client';
import { type Finding, type HealthCheck } from './health-check';

export const HEALTH_CHECKS = Symbol('HEALTH_CHECKS');

/** A report is also a heartbeat, so it must not wait for a database that hangs. */
const LIMIT_MS = 3000;
/** A plane that applies many entries in a row need not be examined for each of them. */
const RECENT_MS = 5000;

/** The plane's health, examined on demand. */
@Injectable()
export class PlaneHealth {
  private latest?: { readonly health: Required<ReportedHealth>; readonly atMs: number };

  constructor(
    @Inject(HEALTH_CHECKS) private readonly checks: readonly HealthCheck[],
    private readonly clock: Clock,
    metrics: Metrics,
  ) {
    const examine = () => this.examine();
    new Gauge({
      name: 'atlas_plane_health',
      help: 'Health of the plane, by check: 0 ok, 1 degraded, 2 failing',
      labelNames: ['check'],
      registers: [metrics.registry],
      async collect() {
        for (const { name, status } of (await examine()).checks)
          this.set({ check: name }, HEALTH_STATUSES.indexOf(status));
      },
    });
  }

  /** Never rejects. */
  async examine(): Promise<Required<ReportedHealth>> {
    const atMs = this.clock.monotonicMs();
    const checks = await Promise.all(this.checks.map(examined));
    const health = { status: worstOf(checks.map(({ status }) => status)), checks };
    this.latest = { health, atMs };
    return health;
  }

  /** Examines the plane unless it was healthy a few seconds ago. Never rejects. */
  async recent(): Promise<Required<ReportedHealth>> {
    const { latest } = this;
    const isRecent = latest && this.clock.monotonicMs() - latest.atMs < RECENT_MS;
    return isRecent && latest.health.status === 'ok' ? latest.health : this.examine();
  }
}

async function examined(check: HealthCheck): Promise<ReportedHealthCheck> {
  const ended = new AbortController();
  const silence: Finding = { status: 'failing', detail: `No response within ${LIMIT_MS / 1000} s` };
  const tooLate = delay(LIMIT_MS, silence, { signal: ended.signal, ref: false });
  // The timer is aborted, and so rejects, if the check finishes first.
  tooLate.catch(() => undefined);
  const found = check.find().catch((error: unknown): Finding => {
    const { code } = error as { code?: string };
    return { status: 'failing', detail: `The check itself failed (${code ?? (error as Error).name})` };
  });
  const { status, detail } = await Promise.race([found, tooLate]);
  ended.abort();
  return {
    name: check.name,
    status,
    ...(detail !== undefined && { detail: detail.slice(0, MAX_HEALTH_DETAIL) }),
  };
}
