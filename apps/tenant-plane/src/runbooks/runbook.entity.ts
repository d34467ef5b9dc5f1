import { TimestampColumn, type TenantOwned } from '@atlas/persistence';
import { Column, Entity, PrimaryColumn } from 'typeorm';

@Entity('runbooks')
export class Runbook implements TenantOwned {
  @PrimaryColumn('uuid', { name: 'tenant_id' }) tenantId: string;
  @PrimaryColumn('uuid') id: string;
  /** The name in the current version. */
  @Column('varchar') name: string;
  /** The number of the current version. */
  @Column('integer') version: number;
  @TimestampColumn({ name: 'created_at' }) createdAt: Date;
  @TimestampColumn({ name: 'archived_at', nullable: true }) archivedAt: Date | null;
}
