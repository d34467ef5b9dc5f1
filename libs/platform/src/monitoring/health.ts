import {
  Controller,
  Get,
  Inject,
  Injectable,
  type OnApplicationShutdown,
  type OnModuleDestroy,
} from '@nestjs/common';
import {
  HealthCheck,
  HealthCheckService,
  type HealthCheckResult,
  type HealthIndicatorFunction,
} from '@nestjs/terminus';
import { ApiExcludeController } from '../openapi/api-decorators';
import { Public } from '../http/public.decorator';

export const READINESS_CHECKS = Symbol('READINESS_CHECKS');
export type ReadinessChecks = readonly HealthIndicatorFunction[];

/** Disables Terminus's Swagger documentation, which would load @nestjs/swagger. */
const UNDESCRIBED = { noCache: true, swaggerDocumentation: false };

/**
 * Reports "not ready" once shutdown starts, so that load balancers stop sending requests before the server
 * closes.
 */
@Injectable()
export class Draining implements OnModuleDestroy, OnApplicationShutdown {
  isDraining = false;

  onModuleDestroy(): void {
    this.isDraining = true;
  }
  onApplicationShutdown(): void {
    this.isDraining = true;
  }
  readonly check: HealthIndicatorFunction = () =>
    this.isDraining ? { process: { status: 'down', reason: 'draining' } } : { process: { status: 'up' } };
}

@ApiExcludeController()
@Public()
@Controller()
export class HealthController {
  constructor(
    private readonly health: HealthCheckService,
    private readonly draining: Draining,
    @Inject(READINESS_CHECKS) private readonly checks: ReadinessChecks,
  ) {}

  @Get('health/live')
  @HealthCheck(UNDESCRIBED)
  live(): Promise<HealthCheckResult> {
    return this.health.check([]);
  }

  @Get(['health/ready', 'api/health'])
  @HealthCheck(UNDESCRIBED)
  ready(): Promise<HealthCheckResult> {
    return this.health.check([this.draining.check, ...this.checks]);
  }
}
