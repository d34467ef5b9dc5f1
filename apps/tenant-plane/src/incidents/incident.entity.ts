import { JsonColumn, TimestampColumn, type TenantOwned } from '@atlas/persistence';
import { type IncidentSource, type IncidentStatus, type Severity } from '@atlas/tenant-api/incidents';
import { type SlaPolicyView } from '@atlas/tenant-api/sla';
import { Column, Entity, PrimaryColumn } from 'typeorm';

@Entity('incidents')
export class Incident implements TenantOwned {
  @PrimaryColumn('uuid', { name: 'tenant_id' }) tenantId: string;
  @PrimaryColumn('uuid') id: string;
  /** Such as `INC-00000001`, numbered per tenant. */
  @Column('varchar') number: string;
  @Column('varchar') title: string;
  @Column('text', { nullable: true }) description: string | null;
  @Column('varchar') severity: Severity;
  @Column('varchar') status: IncidentStatus;
  @Column('varchar', { default: 'manual' }) source: IncidentSource;
  @Column('uuid', { name: 'created_by', nullable: true }) createdBy: string | null;
  @Column('uuid', { name: 'assignee_id', nullable: true }) assigneeId: string | null;
  @Column('integer', { name: 'alert_count', default: 0 }) alertCount: number;
  @TimestampColumn({ name: 'created_at' }) createdAt: Date;
  @TimestampColumn({ name: 'updated_at' }) updatedAt: Date;
  @TimestampColumn({ name: 'acknowledged_at', nullable: true }) acknowledgedAt: Date | null;
  @TimestampColumn({ name: 'resolved_at', nullable: true }) resolvedAt: Date | null;
  @TimestampColumn({ name: 'closed_at', nullable: true }) closedAt: Date | null;
  @Column('text', { name: 'resolution_notes', nullable: true }) resolutionNotes: string | null;
  @Column('text', { name: 'root_cause', nullable: true }) rootCause: string | null;
  /** The targets that applied when the incident was created. Null for incidents of earlier versions. */
  @JsonColumn({ name: 'sla_policy', nullable: true }) slaPolicy: SlaPolicyView | null;
  @TimestampColumn({ name: 'response_due_at', nullable: true }) responseDueAt: Date | null;
  @TimestampColumn({ name: 'resolution_due_at', nullable: true }) resolutionDueAt: Date | null;
  /** When the incident first left the statuses `triggered` and `open`. */
  @TimestampColumn({ name: 'responded_at', nullable: true }) respondedAt: Date | null;
  /** When the breach of each target was recorded in the timeline. */
  @TimestampColumn({ name: 'response_breached_at', nullable: true }) responseBreachedAt: Date | null;
  @TimestampColumn({ name: 'resolution_breached_at', nullable: true }) resolutionBreachedAt: Date | null;
  /** When the next breach has to be recorded, unless someone is faster. */
  @TimestampColumn({ name: 'sla_due_at', nullable: true }) slaDueAt: Date | null;
  /** How many items the timeline has. */
  @Column('integer', { name: 'timeline_length', default: 0 }) timelineLength: number;
}
