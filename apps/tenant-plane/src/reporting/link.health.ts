import { Injectable } from '@nestjs/common';
import { PlaneIdentities } from '../plane-identity/plane-identities';
import { type Finding, HealthCheck, ok } from './health-check';
import { LinkState } from './link-state';

/** While the link is lost, retries reach this number of failures in about a minute and a half. */
const TOO_MANY = 10;

/**
 * Whether the plane receives its desired state. A plane that cannot trust the Control Plane's responses may
 * still be able to report.
 */
@Injectable()
export class LinkHealth extends HealthCheck {
  readonly name = 'link';

  constructor(
    private readonly state: LinkState,
    private readonly identities: PlaneIdentities,
  ) {
    super();
  }

  async find(): Promise<Finding> {
    const { failures } = this.state;
    const last = this.identities.current.lastContactAt?.toISOString() ?? 'never';
    if (failures === 0) return ok(`Last contact: ${last}`);
    const detail = `${failures} calls failed in a row; last contact: ${last}`;
    return { status: failures < TOO_MANY ? 'degraded' : 'failing', detail };
  }
}
