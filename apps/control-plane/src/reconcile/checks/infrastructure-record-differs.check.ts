import { Injectable } from '@nestjs/common';
import { type EntityManager } from 'typeorm';
import { DatabaseUrls } from '../../desired-state/database-urls';
import { InfrastructureSubjects, type MadeInfrastructure } from '../subjects/infrastructure-subjects';
import { DriftCheck } from './drift-check';

/**
 * The recorded database or address differs from what the driver
 * created. Repaired by recording the driver's values again.
 */
@Injectable()
export class InfrastructureRecordDiffersCheck extends DriftCheck<MadeInfrastructure> {
  readonly kind = 'infrastructure_record_differs';

  constructor(
    readonly subjects: InfrastructureSubjects,
    private readonly urls: DatabaseUrls,
  ) {
    super();
  }

  find({ found: { made }, plane, tenant, driver }: MadeInfrastructure): string | null {
    if (made === null || (plane.endpointUrl === made.endpointUrl && this.urls.ofPlaneIs(plane, made.dbUrl)))
      return null;
    const whose = tenant ? `tenant ${tenant.slug}` : `tenant plane ${plane.name}`;
    return `The recorded database or address of ${whose} differs from what the driver ${driver} created.`;
  }

  override async repair(
    manager: EntityManager,
    { found: { made }, plane, tenant }: MadeInfrastructure,
  ): Promise<boolean> {
    if (made === null) return false;
    await this.urls.record(manager, plane.id, made, tenant);
    return true;
  }
}
