import { type TenantOwned } from '@atlas/persistence';
import { Column, Entity, PrimaryColumn } from 'typeorm';

/** The values of a run's secret parameters, which are deleted when the run ends. */
@Entity('automation_secrets')
export class SealedValues implements TenantOwned {
  @PrimaryColumn('uuid', { name: 'tenant_id' }) tenantId: string;
  @PrimaryColumn('uuid', { name: 'run_id' }) runId: string;
  /** JSON, sealed by `TenantSecrets`. */
  @Column('text') sealed: string;
}
