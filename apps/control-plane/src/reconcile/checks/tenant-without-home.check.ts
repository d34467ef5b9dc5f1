import { Injectable } from '@nestjs/common';
import { type TenantSubject, TenantSubjects } from '../subjects/tenant-subjects';
import { DriftCheck } from './drift-check';

/** A live tenant has no tenant plane that serves it. */
@Injectable()
export class TenantWithoutHomeCheck extends DriftCheck<TenantSubject> {
  readonly kind = 'tenant_without_home';

  constructor(readonly subjects: TenantSubjects) {
    super();
  }

  find({ tenant, isLive, home }: TenantSubject): string | null {
    if (!isLive || home) return null;
    return (
      `Tenant ${tenant.slug} is ${tenant.status}, but no tenant plane serves it. Find its rows: GET ` +
      "/api/audit shows where it was, and a backup of the Control Plane's database has its placement."
    );
  }
}
