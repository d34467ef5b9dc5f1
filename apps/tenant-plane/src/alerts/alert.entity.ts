import { JsonColumn, TimestampColumn, type TenantOwned } from '@atlas/persistence';
import { type AlertStatus } from '@atlas/tenant-api/alerts';
import { Column, Entity, PrimaryColumn } from 'typeorm';

export type Labels = Readonly<Record<string, string>>;

/**
 * The value of a label. A label that is missing counts as empty, even if every object has such a property.
 */
export function labelOf(labels: Labels, name: string): string {
  return Object.hasOwn(labels, name) ? (labels[name] ?? '') : '';
}

@Entity('alerts')
export class Alert implements TenantOwned {
  @PrimaryColumn('uuid', { name: 'tenant_id' }) tenantId: string;
  @PrimaryColumn('uuid') id: string;
  @Column('uuid', { name: 'source_id' }) sourceId: string;
  @Column('varchar') fingerprint: string;
  @Column('varchar') status: AlertStatus;
  @JsonColumn() labels: Labels;
  @JsonColumn() annotations: Labels;
  @TimestampColumn({ name: 'starts_at' }) startsAt: Date;
  @TimestampColumn({ name: 'ends_at', nullable: true }) endsAt: Date | null;
  @TimestampColumn({ name: 'last_received_at' }) lastReceivedAt: Date;
  @Column('integer') count: number;
  @Column('uuid', { name: 'incident_id', nullable: true }) incidentId: string | null;
  /** The silence that keeps the alert from opening an incident. Set only while the alert is firing. */
  @Column('uuid', { name: 'silence_id', nullable: true }) silenceId: string | null;
  @TimestampColumn({ name: 'created_at' }) createdAt: Date;
}
