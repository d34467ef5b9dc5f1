import { JsonColumn, TimestampColumn, type TenantOwned } from '@atlas/persistence';
import { type SilenceView } from '@atlas/tenant-api/alerts';
import { Column, Entity, PrimaryColumn } from 'typeorm';

@Entity('silences')
export class Silence implements TenantOwned {
  @PrimaryColumn('uuid', { name: 'tenant_id' }) tenantId: string;
  @PrimaryColumn('uuid') id: string;
  @JsonColumn() matchers: SilenceView['matchers'];
  @TimestampColumn({ name: 'starts_at' }) startsAt: Date;
  @TimestampColumn({ name: 'ends_at' }) endsAt: Date;
  @Column('varchar') comment: string;
  @Column('uuid', { name: 'created_by' }) createdBy: string;
  @TimestampColumn({ name: 'created_at' }) createdAt: Date;
  /** The end of the silence. Null once incidents have been opened for the alerts that were still firing. */
  @TimestampColumn({ name: 'due_at', nullable: true }) dueAt: Date | null;
}
