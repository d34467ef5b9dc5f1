import { BigintColumn } from '@atlas/persistence';
import { type Meter } from '@atlas/plane-contract';
import { Entity, PrimaryColumn } from 'typeorm';

/** What a tenant has used of one meter on one day, as reported by its planes. */
@Entity('tenant_usage')
export class TenantUsage {
  @PrimaryColumn('uuid', { name: 'tenant_id' }) tenantId: string;
  /** A day in UTC, such as 2026-11-30. */
  @PrimaryColumn('varchar') day: string;
  @PrimaryColumn('varchar') meter: Meter;
  @BigintColumn() amount: number;
}
