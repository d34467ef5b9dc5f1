import { JsonColumn, TimestampColumn, type TenantOwned } from '@atlas/persistence';
import { type ArchiveFailure, type ImportStatus, type ImportSummary } from '@atlas/tenant-api/exports';
import { Column, Entity, PrimaryColumn } from 'typeorm';

/** An import of an archive into a tenant. */
@Entity('imports')
export class Import implements TenantOwned {
  @PrimaryColumn('uuid', { name: 'tenant_id' }) tenantId: string;
  @PrimaryColumn('uuid') id: string;
  @Column('varchar') status: ImportStatus;
  @Column('uuid', { name: 'requested_by' }) requestedBy: string;
  @TimestampColumn({ name: 'created_at' }) createdAt: Date;
  @TimestampColumn({ name: 'finished_at', nullable: true }) finishedAt: Date | null;
  @JsonColumn({ nullable: true }) summary: ImportSummary | null;
  @JsonColumn({ nullable: true }) failure: ArchiveFailure | null;
  /** When a running import counts as interrupted, unless its process says otherwise. */
  @TimestampColumn({ name: 'due_at', nullable: true }) dueAt: Date | null;
}
