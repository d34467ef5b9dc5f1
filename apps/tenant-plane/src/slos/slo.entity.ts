import { JsonColumn, TimestampColumn, type TenantOwned } from '@atlas/persistence';
import { type BurnSeverity, type SloIndicator, type SloWindow } from '@atlas/tenant-api/slos';
import { Column, Entity, PrimaryColumn } from 'typeorm';

/** Why the indicator could not be read. `at` is in RFC 3339 format. */
export interface IndicatorError {
  readonly code: string;
  readonly detail: string;
  readonly at: string;
}

/** A service level objective. */
@Entity('slos')
export class Slo implements TenantOwned {
  @PrimaryColumn('uuid', { name: 'tenant_id' }) tenantId: string;
  @PrimaryColumn('uuid') id: string;
  @Column('varchar') name: string;
  @Column('varchar', { nullable: true }) service: string | null;
  @Column('uuid', { name: 'ci_id', nullable: true }) ciId: string | null;
  @Column('double precision') objective: number;
  @Column('integer', { name: 'window_days' }) windowDays: SloWindow;
  @JsonColumn() indicator: SloIndicator;
  @JsonColumn({ name: 'indicator_error', nullable: true }) indicatorError: IndicatorError | null;
  /** The first minute that Prometheus has not counted yet. Null if it is not Prometheus that counts. */
  @Column('integer', { name: 'asked_until', nullable: true }) askedUntil: number | null;
  /** The most urgent burn rate that fires. An episode lasts as long as this is not null. */
  @Column('varchar', { nullable: true }) firing: BurnSeverity | null;
  /** The incident of the episode. */
  @Column('uuid', { name: 'incident_id', nullable: true }) incidentId: string | null;
  @TimestampColumn({ name: 'created_at' }) createdAt: Date;
  @TimestampColumn({ name: 'updated_at' }) updatedAt: Date;
  /** A deleted objective is no longer shown. Its row stays until all its buckets are deleted. */
  @TimestampColumn({ name: 'deleted_at', nullable: true }) deletedAt: Date | null;
  /** When to evaluate the burn rates next. */
  @TimestampColumn({ name: 'due_at', nullable: true }) dueAt: Date | null;
}
