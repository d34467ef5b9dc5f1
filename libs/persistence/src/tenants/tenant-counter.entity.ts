import { Entity, PrimaryColumn } from 'typeorm';
import { BigintColumn } from '../rows/bigint-column';
import { type TenantOwned } from './tenant-scope';

/** The last number issued in one of a tenant's series. See {@link TenantScope.nextNumber}. */
@Entity('tenant_counters')
export class TenantCounter implements TenantOwned {
  @PrimaryColumn('uuid', { name: 'tenant_id' }) tenantId: string;
  @PrimaryColumn('varchar') series: string;
  @BigintColumn() value: number;
}
