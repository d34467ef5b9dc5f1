import { TimestampColumn, type TenantOwned } from '@atlas/persistence';
import { Column, Entity, PrimaryColumn } from 'typeorm';

/** A step of the onboarding checklist that the tenant has skipped. */
@Entity('onboarding_skipped_steps')
export class SkippedStep implements TenantOwned {
  @PrimaryColumn('uuid', { name: 'tenant_id' }) tenantId: string;
  @PrimaryColumn('varchar') step: string;
  @TimestampColumn({ name: 'skipped_at' }) skippedAt: Date;
  @Column('varchar', { nullable: true }) reason: string | null;
}
