import { Injectable } from '@nestjs/common';
import { type EntityManager } from 'typeorm';
import { DesiredStates } from '../../desired-state/desired-states';
import { type TenantSubject, TenantSubjects } from '../subjects/tenant-subjects';
import { DriftCheck } from './drift-check';

/** A tenant's entry was never published to its plane. Repaired by publishing it. */
@Injectable()
export class EntryUnpublishedCheck extends DriftCheck<TenantSubject> {
  readonly kind = 'entry_unpublished';

  constructor(
    readonly subjects: TenantSubjects,
    private readonly desiredStates: DesiredStates,
  ) {
    super();
  }

  find({ tenant, isLive, home }: TenantSubject): string | null {
    if (!isLive || home?.placement.entryRevision !== 0) return null;
    return (
      `Tenant ${tenant.slug} is ${tenant.status}, but was never published to its tenant plane ` +
      `${home.plane.name}.`
    );
  }

  override async repair(manager: EntityManager, { home }: TenantSubject): Promise<boolean> {
    if (!home) return false;
    await this.desiredStates.publish(manager, home.placement);
    return true;
  }
}
