import { type HealthCheckName, type HealthStatus } from '@atlas/plane-contract';

export interface Finding {
  readonly status: HealthStatus;
  /** Shown to people at Atlas. Must contain no secret, no path and no address from the customer's network. */
  readonly detail?: string;
}

/**
 * One fact that a plane checks about itself. Each check has its own file here and a line in
 * reporting.module.ts.
 */
export abstract class HealthCheck {
  abstract readonly name: HealthCheckName;
  abstract find(): Promise<Finding>;
}

export function ok(detail?: string): Finding {
  return { status: 'ok', ...(detail !== undefined && { detail }) };
}
