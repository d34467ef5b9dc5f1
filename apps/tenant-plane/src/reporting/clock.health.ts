import { Injectable } from '@nestjs/common';
import { CLOCK_TOLERANCE_SECONDS, ControlPlaneClient } from '../control-plane-client/control-plane-client';
import { type Finding, HealthCheck, ok } from './health-check';

/**
 * How far this plane's clock is from the Control Plane's. Calls work regardless, because they are signed with
 * the Control Plane's time.
 */
@Injectable()
export class ClockHealth extends HealthCheck {
  readonly name = 'clock';

  constructor(private readonly client: ControlPlaneClient) {
    super();
  }

  async find(): Promise<Finding> {
    const { clockOffsetMs } = this.client;
    if (clockOffsetMs === undefined) return ok('Unknown before the first signed response');
    const seconds = Math.round(Math.abs(clockOffsetMs) / 1000);
    if (seconds <= CLOCK_TOLERANCE_SECONDS) return ok(`${seconds} s off`);
    return {
      status: 'degraded',
      detail: `${seconds} s ${clockOffsetMs > 0 ? 'behind' : 'ahead'}: set it with NTP`,
    };
  }
}
