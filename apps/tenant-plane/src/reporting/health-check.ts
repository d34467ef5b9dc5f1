import { type HealthCheckName, type HealthStatus } from '@atlas/plane-contract';

export interface Finding {
  readonly status: HealthStatus;
  /** For a person at Atlas: no secret, no path, no address of the customer's network. */
  readonly detail?: string;
}

/** One thing that a plane finds out about itself: a file here, and a line in reporting.module.ts. */
export abstract class HealthCheck {
  abstract readonly name: HealthCheckName;
  abstract find(): Promise<Finding>;
}

export function ok(detail?: string): Finding {
  return { status: 'ok', ...(detail !== undefined && { detail }) };
}
