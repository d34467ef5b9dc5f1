import { JsonColumn, TimestampColumn, type TenantOwned } from '@atlas/persistence';
import { type ArchiveFailure, type ExportStatus } from '@atlas/tenant-api/exports';
import { Column, Entity, PrimaryColumn } from 'typeorm';

export interface ExportSummary {
  readonly bytes: number;
  readonly rows: number;
}

/** An export of a tenant's data. Its archive is stored in chunks (see `ArchiveChunks`). */
@Entity('exports')
export class Export implements TenantOwned {
  @PrimaryColumn('uuid', { name: 'tenant_id' }) tenantId: string;
  @PrimaryColumn('uuid') id: string;
  @Column('varchar') status: ExportStatus;
  @Column('uuid', { name: 'requested_by' }) requestedBy: string;
  @TimestampColumn({ name: 'created_at' }) createdAt: Date;
  @TimestampColumn({ name: 'finished_at', nullable: true }) finishedAt: Date | null;
  @TimestampColumn({ name: 'expires_at', nullable: true }) expiresAt: Date | null;
  @JsonColumn({ nullable: true }) summary: ExportSummary | null;
  @JsonColumn({ nullable: true }) failure: ArchiveFailure | null;
  /** When a running export counts as interrupted, unless its process says otherwise, or a ready one ends. */
  @TimestampColumn({ name: 'due_at', nullable: true }) dueAt: Date | null;
}
