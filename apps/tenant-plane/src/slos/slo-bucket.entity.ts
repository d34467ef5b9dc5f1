import { type TenantOwned } from '@atlas/persistence';
import { Column, Entity, PrimaryColumn } from 'typeorm';

/** The events of an objective in one minute. */
@Entity('slo_buckets')
export class SloBucket implements TenantOwned {
  @PrimaryColumn('uuid', { name: 'tenant_id' }) tenantId: string;
  @PrimaryColumn('uuid') id: string;
  @Column('uuid', { name: 'slo_id' }) sloId: string;
  /** In minutes since 1970-01-01T00:00Z. */
  @Column('integer') minute: number;
  /** Not always whole numbers, because Prometheus extrapolates. */
  @Column('double precision') good: number;
  @Column('double precision') total: number;
}
