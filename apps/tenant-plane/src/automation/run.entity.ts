import { JsonColumn, TimestampColumn, type TenantOwned } from '@atlas/persistence';
import { type RunStatus } from '@atlas/tenant-api/automation';
import { Column, Entity, PrimaryColumn } from 'typeorm';

/** One run of a runbook. The lock on this row is also the lock on its steps. */
@Entity('automation_runs')
export class Run implements TenantOwned {
  @PrimaryColumn('uuid', { name: 'tenant_id' }) tenantId: string;
  @PrimaryColumn('uuid') id: string;
  @Column('uuid', { name: 'runbook_id' }) runbookId: string;
  @Column('integer', { name: 'runbook_version' }) runbookVersion: number;
  @Column('uuid', { name: 'incident_id', nullable: true }) incidentId: string | null;
  @Column('varchar') status: RunStatus;
  @Column('uuid', { name: 'requested_by' }) requestedBy: string;
  @JsonColumn() parameters: Record<string, string>;
  @TimestampColumn({ name: 'created_at' }) createdAt: Date;
  @TimestampColumn({ name: 'finished_at', nullable: true }) finishedAt: Date | null;
  /** When the lease on the step under way expires. */
  @TimestampColumn({ name: 'due_at', nullable: true }) dueAt: Date | null;
}
