import { Injectable } from '@nestjs/common';
import { isStopped } from '../subjects/jobs-of';
import { type TenantSubject, TenantSubjects } from '../subjects/tenant-subjects';
import { DriftCheck } from './drift-check';

/** A tenant is being provisioned or deprovisioned, but has no job. */
@Injectable()
export class JobMissingCheck extends DriftCheck<TenantSubject> {
  readonly kind = 'job_missing';

  constructor(readonly subjects: TenantSubjects) {
    super();
  }

  find({ tenant, newestJob }: TenantSubject): string | null {
    const isOnItsWay = tenant.status === 'provisioning' || tenant.status === 'deprovisioning';
    if (!isOnItsWay || tenant.restorableUntil !== null || isStopped(newestJob)) return null;
    const advice =
      tenant.status === 'provisioning'
        ? `To start over, delete the tenant first: atlas deprovision ${tenant.slug}.`
        : 'Find out from the audit trail what happened to its job (GET /api/audit), and restore the job ' +
          "from a backup of the Control Plane's database.";
    return `Tenant ${tenant.slug} is ${tenant.status}, but has neither a running nor a failed job. ${advice}`;
  }
}
