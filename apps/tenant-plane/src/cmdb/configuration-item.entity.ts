import { JsonColumn, TimestampColumn, type TenantOwned } from '@atlas/persistence';
import { Column, Entity, PrimaryColumn } from 'typeorm';

@Entity('configuration_items')
export class ConfigurationItem implements TenantOwned {
  @PrimaryColumn('uuid', { name: 'tenant_id' }) tenantId: string;
  @PrimaryColumn('uuid') id: string;
  @Column('varchar') name: string;
  @Column('varchar') type: string;
  @JsonColumn() attributes: Record<string, unknown>;
  @TimestampColumn({ name: 'created_at' }) createdAt: Date;
}
