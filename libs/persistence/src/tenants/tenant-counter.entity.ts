import { Column, Entity, PrimaryColumn, type ValueTransformer } from 'typeorm';
import { type TenantOwned } from './tenant-scope';

/** Postgres returns a bigint as text. */
const AS_NUMBER: ValueTransformer = {
  to: (value: number) => value,
  from: (value: number | string) => Number(value),
};

/** The last number issued in one of a tenant's series. See {@link TenantScope.nextNumber}. */
@Entity('tenant_counters')
export class TenantCounter implements TenantOwned {
  @PrimaryColumn('uuid', { name: 'tenant_id' }) tenantId: string;
  @PrimaryColumn('varchar') series: string;
  @Column('bigint', { transformer: AS_NUMBER }) value: number;
}
