import { TimestampColumn, type TenantOwned } from '@atlas/persistence';
import { Entity, PrimaryColumn } from 'typeorm';

/** A step of the onboarding checklist that the tenant has skipped. */
@Entity('onboarding_skipped_steps')
export class SkippedStep implements TenantOwned {
  @PrimaryColumn('uuid', { name: 'tenant_id' }) tenantId: string;
  @PrimaryColumn('varchar') step: string;
  @TimestampColumn({ name: 'skipped_at' }) skippedAt: Date;
}
