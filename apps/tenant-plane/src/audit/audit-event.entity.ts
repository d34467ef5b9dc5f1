import { JsonColumn, TimestampColumn, type TenantOwned } from '@atlas/persistence';
import { Column, Entity, PrimaryColumn } from 'typeorm';

/** Who did what in a tenant, from where. Appended, never changed. */
@Entity('audit_events')
export class AuditEvent implements TenantOwned {
  @PrimaryColumn('uuid', { name: 'tenant_id' }) tenantId: string;
  @PrimaryColumn('uuid') id: string;
  @TimestampColumn() at: Date;
  @Column('varchar', { name: 'actor_kind' }) actorKind: string;
  @Column('varchar', { name: 'actor_id', nullable: true }) actorId: string | null;
  @Column('varchar') action: string;
  @Column('varchar', { name: 'target_kind' }) targetKind: string;
  @Column('varchar', { name: 'target_id', nullable: true }) targetId: string | null;
  @JsonColumn({ nullable: true }) before: Record<string, unknown> | null;
  @JsonColumn({ nullable: true }) after: Record<string, unknown> | null;
  @Column('varchar', { nullable: true }) ip: string | null;
  @Column('varchar', { name: 'trace_id', nullable: true }) traceId: string | null;
}
