import { type DeploymentModel } from '@atlas/deployment-profiles';
import { type TenantStatus } from '@atlas/tenancy';
import { Column, Entity, PrimaryColumn } from 'typeorm';

/**
 * How many tenants with a status and a model have come (positive) or gone (negative). The sum of all rows is
 * the number of tenants. A trigger writes a row in the transaction that changes the tenant: to update one
 * counter instead, all transactions would wait for each other.
 */
@Entity('tenant_tallies')
export class TenantTally {
  /** Assigned by the database. */
  @PrimaryColumn('bigint') id: string;
  @Column('varchar') status: TenantStatus;
  @Column('varchar', { name: 'deployment_model' }) deploymentModel: DeploymentModel;
  @Column('integer') change: number;
}
