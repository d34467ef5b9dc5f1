import { type OperationName } from '@atlas/operator-api';
import { JobRow } from '@atlas/jobs';
import { Column, Entity } from 'typeorm';

/**
 * The job of one operation: on a tenant, on a tenant plane
 * as a whole, or on neither, which means on the fleet.
 */
@Entity('provisioning_jobs')
export class ProvisioningJob extends JobRow {
  @Column('varchar') override operation: OperationName;
  @Column('uuid', { name: 'tenant_id', nullable: true }) tenantId: string | null;
  @Column('uuid', { name: 'tenant_plane_id', nullable: true }) tenantPlaneId: string | null;
}
