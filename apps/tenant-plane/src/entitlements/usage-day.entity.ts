import { BigintColumn, type TenantOwned, TimestampColumn } from '@atlas/persistence';
import { type Meter } from '@atlas/plane-contract';
import { Column, Entity, PrimaryColumn } from 'typeorm';

/** How much of a meter a tenant has used on one day. */
@Entity('usage_days')
export class UsageDay implements TenantOwned {
  @PrimaryColumn('uuid', { name: 'tenant_id' }) tenantId: string;
  @PrimaryColumn('uuid') id: string;
  /** In UTC, such as 2026-11-30. */
  @Column('varchar') day: string;
  @Column('varchar') meter: Meter;
  /** The amount of a day is the sum of its parts, so that writers with different parts do not wait. */
  @Column('varchar') part: string;
  @BigintColumn() amount: number;
  /** Since when the amount has to be reported. Null once the Control Plane knows it. */
  @TimestampColumn({ name: 'report_at', nullable: true }) reportAt: Date | null;
}
