import { Injectable } from '@nestjs/common';
import { type TenantSubject, TenantSubjects } from '../subjects/tenant-subjects';
import { DriftCheck } from './drift-check';

/** A tenant's home is a retired plane. */
@Injectable()
export class HomeRetiredCheck extends DriftCheck<TenantSubject> {
  readonly kind = 'home_retired';

  constructor(readonly subjects: TenantSubjects) {
    super();
  }

  find({ tenant, isLive, home }: TenantSubject): string | null {
    if (!isLive || home?.plane.status !== 'retired') return null;
    const { id, name } = home.plane;
    return (
      `Tenant ${tenant.slug} lives on tenant plane ${name}, which is retired and receives no changes. ` +
      'If it was retired by mistake, enrol it again with a new install bundle (POST ' +
      `/api/tenant-planes/${id}/provisioning-tokens).`
    );
  }
}
