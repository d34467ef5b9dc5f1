import { TimestampColumn, type TenantOwned } from '@atlas/persistence';
import { type RelationshipType } from '@atlas/tenant-api/cmdb';
import { Column, Entity, PrimaryColumn } from 'typeorm';

/** One configuration item needs another. */
@Entity('ci_relationships')
export class Relationship implements TenantOwned {
  @PrimaryColumn('uuid', { name: 'tenant_id' }) tenantId: string;
  @PrimaryColumn('uuid') id: string;
  @Column('uuid', { name: 'from_id' }) fromId: string;
  @Column('uuid', { name: 'to_id' }) toId: string;
  @Column('varchar') type: RelationshipType;
  @Column('integer', { name: 'min_up', nullable: true }) minUp: number | null;
  @TimestampColumn({ name: 'created_at' }) createdAt: Date;
}
