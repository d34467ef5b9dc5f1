import { Injectable } from '@nestjs/common';
import { isCopyLost } from '../../registry/placements';
import { type TenantSubject, TenantSubjects } from '../subjects/tenant-subjects';
import { DriftCheck } from './drift-check';

/**
 * A tenant's home does not have the tenant's rows, so the tenant's users
 * are not served. The copy or backup that the rows came from is kept.
 */
@Injectable()
export class CopyMissingCheck extends DriftCheck<TenantSubject> {
  readonly kind = 'copy_missing';

  constructor(readonly subjects: TenantSubjects) {
    super();
  }

  find({ tenant, isLive, home }: TenantSubject): string | null {
    if (!isLive || !home || !isCopyLost(home.placement, home.plane)) return null;
    return (
      `The database of tenant plane ${home.plane.name} does not have the rows of tenant ` +
      `${tenant.slug}. A dry run of a move shows where they are kept and what to do: POST ` +
      `/api/tenants/${tenant.id}/move?dry_run=true {"deployment_model": "${tenant.deploymentModel}"}.`
    );
  }
}
