import { Clock } from '@atlas/platform';
import { Injectable } from '@nestjs/common';
import { isForked } from '../../registry/health-class';
import { type TenantPlane } from '../../registry/tenant-plane.entity';
import { type PlaneSubject, PlaneSubjects } from '../subjects/plane-subjects';
import { DriftCheck } from './drift-check';

const SHOWN_MS = 3_600_000;

/**
 * A plane reports an address other than the recorded one, or alternates between two addresses. Only a person
 * can tell which address is right.
 */
@Injectable()
export class PlaneAddressDiffersCheck extends DriftCheck<PlaneSubject> {
  readonly kind = 'plane_address_differs';

  constructor(
    readonly subjects: PlaneSubjects,
    private readonly clock: Clock,
  ) {
    super();
  }

  find({ plane }: PlaneSubject): string | null {
    const {
      name,
      status,
      endpointUrl,
      reportedEndpointUrl: reported,
      endpointReturnedAt,
      previousEndpointUrl,
    } = plane;
    if (status !== 'enrolled') return null;
    if (reported !== null && endpointUrl !== null && !isSame(reported, endpointUrl))
      return (
        `Tenant plane ${name} reports the address ${reported}, but ${endpointUrl} is recorded. ` +
        `${this.remedy(plane)}`
      );
    const now = this.clock.now().getTime();
    if (endpointReturnedAt === null || now - endpointReturnedAt.getTime() >= SHOWN_MS) return null;
    return (
      `Tenant plane ${name} changed its address to ${previousEndpointUrl} and back to ${endpointUrl} in ` +
      'its latest reports. If its replicas report different addresses, set the same ' +
      'TENANT_PLANE_PUBLIC_URL on all of them.'
    );
  }

  private remedy(plane: TenantPlane): string {
    return isForked(plane, this.clock.now())
      ? 'Two copies of the plane are reporting. Stop the copy that should not be running.'
      : 'If the recorded address is right, set TENANT_PLANE_PUBLIC_URL on the plane to that address; ' +
          'otherwise record the reported one (PUT /api/tenants/<id>/infrastructure).';
  }
}

function isSame(one: string, other: string): boolean {
  return URL.canParse(one) && URL.canParse(other) && new URL(one).href === new URL(other).href;
}
