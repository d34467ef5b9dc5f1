import { JsonColumn, TimestampColumn } from '@atlas/persistence';
import { Column, Entity, PrimaryColumn } from 'typeorm';

export type AuditActorKind = 'operator' | 'api_key' | 'tenant_plane' | 'system' | 'anonymous';

/** Who did what to what, from where. Appended, never changed. */
@Entity('audit_events')
export class AuditEvent {
  @PrimaryColumn('uuid') id: string;
  @TimestampColumn() at: Date;
  @Column('varchar', { name: 'actor_kind' }) actorKind: AuditActorKind;
  @Column('varchar', { name: 'actor_id', nullable: true }) actorId: string | null;
  @Column('varchar') action: string;
  @Column('varchar', { name: 'target_kind' }) targetKind: string;
  @Column('varchar', { name: 'target_id', nullable: true }) targetId: string | null;
  @JsonColumn({ nullable: true }) before: Record<string, unknown> | null;
  @JsonColumn({ nullable: true }) after: Record<string, unknown> | null;
  @Column('varchar', { nullable: true }) ip: string | null;
  @Column('varchar', { name: 'trace_id', nullable: true }) traceId: string | null;
}
