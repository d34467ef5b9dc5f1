import { JsonColumn, TimestampColumn, type TenantOwned } from '@atlas/persistence';
import { type TimelineKind } from '@atlas/tenant-api/incidents';
import { Column, Entity, PrimaryColumn } from 'typeorm';

/** One thing that happened to an incident. Items are never changed. */
@Entity('incident_timeline')
export class TimelineItem implements TenantOwned {
  @PrimaryColumn('uuid', { name: 'tenant_id' }) tenantId: string;
  @PrimaryColumn('uuid') id: string;
  @Column('uuid', { name: 'incident_id' }) incidentId: string;
  /** 1, 2, … within the incident, in the order of the transactions. */
  @Column('integer') position: number;
  @TimestampColumn() at: Date;
  @Column('varchar') kind: TimelineKind;
  @Column('uuid', { name: 'by_user', nullable: true }) byUser: string | null;
  @JsonColumn() data: Record<string, unknown>;
}
