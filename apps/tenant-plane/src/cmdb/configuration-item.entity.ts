import { JsonColumn, TimestampColumn, type TenantOwned } from '@atlas/persistence';
import { type Criticality, type ItemSource, type ItemStatus } from '@atlas/tenant-api/cmdb';
import { Column, Entity, PrimaryColumn } from 'typeorm';

@Entity('configuration_items')
export class ConfigurationItem implements TenantOwned {
  @PrimaryColumn('uuid', { name: 'tenant_id' }) tenantId: string;
  @PrimaryColumn('uuid') id: string;
  @Column('varchar') name: string;
  @Column('varchar') type: string;
  @Column('varchar', { nullable: true }) key: string | null;
  @Column('varchar', { default: 'production' }) status: ItemStatus;
  @Column('varchar', { default: 'medium' }) criticality: Criticality;
  @JsonColumn() attributes: Record<string, unknown>;
  @Column('varchar', { default: 'manual' }) source: ItemSource;
  @TimestampColumn({ name: 'created_at' }) createdAt: Date;
  /** Null if the item has not been changed since an earlier version created it. */
  @TimestampColumn({ name: 'updated_at', nullable: true }) updatedAt: Date | null;
  @TimestampColumn({ name: 'archived_at', nullable: true }) archivedAt: Date | null;
}
