import { Injectable } from '@nestjs/common';
import { type TenantSubject, TenantSubjects } from '../subjects/tenant-subjects';
import { DriftCheck } from './drift-check';

/** It is meant to be served, and no tenant plane does. */
@Injectable()
export class TenantWithoutHomeCheck extends DriftCheck<TenantSubject> {
  readonly kind = 'tenant_without_home';

  constructor(readonly subjects: TenantSubjects) {
    super();
  }

  find({ tenant, isLive, home }: TenantSubject): string | null {
    if (!isLive || home) return null;
    return (
      `Tenant ${tenant.slug} is ${tenant.status}, and no tenant plane serves it. Find its rows (GET ` +
      `/api/audit says where it was); a backup of the Control Plane's database has its placement.`
    );
  }
}
