import { type TenantOwned } from '@atlas/persistence';
import { Column, Entity, PrimaryColumn } from 'typeorm';

/** The alerts of a source that have the same values of the source's `group_by` labels. */
@Entity('alert_groups')
export class AlertGroup implements TenantOwned {
  @PrimaryColumn('uuid', { name: 'tenant_id' }) tenantId: string;
  @PrimaryColumn('uuid') id: string;
  @Column('uuid', { name: 'source_id' }) sourceId: string;
  /** SHA-256 of the names and values of the labels. */
  @Column('varchar') key: string;
  /** The last incident of the group. */
  @Column('uuid', { name: 'incident_id' }) incidentId: string;
}
