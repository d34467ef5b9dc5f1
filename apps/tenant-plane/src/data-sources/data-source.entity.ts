import { JsonColumn, TimestampColumn, type TenantOwned } from '@atlas/persistence';
import { type DataSourceKind } from '@atlas/tenant-api/data-sources';
import { Column, Entity, PrimaryColumn } from 'typeorm';
import { type PreviousKey } from '../credentials/previous-keys';

@Entity('data_sources')
export class DataSource implements TenantOwned {
  @PrimaryColumn('uuid', { name: 'tenant_id' }) tenantId: string;
  @PrimaryColumn('uuid') id: string;
  @Column('varchar') name: string;
  @Column('varchar') kind: DataSourceKind;
  /** SHA-256. Null once the data source is deleted. */
  @Column('varchar', { name: 'key_hash', nullable: true }) keyHash: string | null;
  /** Newest first. */
  @JsonColumn({ name: 'previous_keys' }) previousKeys: readonly PreviousKey[];
  @JsonColumn({ name: 'group_by' }) groupBy: readonly string[];
  @Column('integer', { name: 'window_minutes' }) windowMinutes: number;
  @Column('boolean') enabled: boolean;
  @TimestampColumn({ name: 'last_received_at', nullable: true }) lastReceivedAt: Date | null;
  @TimestampColumn({ name: 'created_at' }) createdAt: Date;
  /** Alerts continue to name a deleted data source, so its row stays. */
  @TimestampColumn({ name: 'deleted_at', nullable: true }) deletedAt: Date | null;
}
