import { JobRow } from '@atlas/jobs';
import { type OperationName } from '@atlas/operator-api';
import { Column, Entity } from 'typeorm';

/** One operation on a tenant, on a tenant plane as a whole or, if both ids are null, on the fleet. */
@Entity('provisioning_jobs')
export class ProvisioningJob extends JobRow {
  @Column('varchar') override operation: OperationName;
  @Column('uuid', { name: 'tenant_id', nullable: true }) tenantId: string | null;
  @Column('uuid', { name: 'tenant_plane_id', nullable: true }) tenantPlaneId: string | null;
  /**
   * Set by a trigger when a later job with the same subject is inserted, if this job has failed or was
   * cancelled. Only finding jobs that need attention uses it.
   */
  @Column({ type: 'boolean', name: 'is_followed', select: false, insert: false, update: false })
  isFollowed?: boolean;
}
