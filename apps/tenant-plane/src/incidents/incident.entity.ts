import { TimestampColumn, type TenantOwned } from '@atlas/persistence';
import { type Severity, type IncidentStatus } from '@atlas/tenant-api/incidents';
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
  @Column('uuid', { name: 'created_by', nullable: true }) createdBy: string | null;
  @TimestampColumn({ name: 'created_at' }) createdAt: Date;
  @TimestampColumn({ name: 'updated_at' }) updatedAt: Date;
  @TimestampColumn({ name: 'resolved_at', nullable: true }) resolvedAt: Date | null;
}
