import { JsonColumn, TimestampColumn } from '@atlas/persistence';
import {
  type DesiredSignupLinks,
  type DesiredTenantStatus,
  type DesiredTransfer,
  type PlacementPhase,
} from '@atlas/plane-contract';
import { type Plan } from '@atlas/tenancy';
import { Column, Entity, PrimaryColumn } from 'typeorm';

/**
 * The tenants of this plane, as last applied. A request's tenant is looked up in this directory, so its rows
 * cannot be tenant-scoped and have no `tenant_id`.
 */
@Entity('tenants')
export class Tenant {
  @PrimaryColumn('uuid') id: string;
  @Column('varchar') slug: string;
  @Column('varchar') name: string;
  @Column('varchar') status: DesiredTenantStatus;
  @Column('varchar') plan: Plan;
  /** A JWS that says what the tenant may use here, the newest that this plane has accepted. */
  @Column('text', { nullable: true }) lease: string | null;
  @Column('varchar', { name: 'admin_email' }) adminEmail: string;
  @Column('varchar') phase: PlacementPhase;
  /** When this plane last learned that the tenant is frozen, by its replicas' shared clock. */
  @TimestampColumn({ name: 'frozen_at', nullable: true }) frozenAt: Date | null;
  /** The revisions of the last applied entry and of the last reported entry. */
  @Column('integer', { name: 'entry_revision' }) entryRevision: number;
  @Column('integer', { name: 'reported_revision' }) reportedRevision: number;
  /** The transfer that the tenant is part of. */
  @JsonColumn({ nullable: true }) transfer: DesiredTransfer | null;
  /**
   * The ID of that transfer once all rows have arrived and have been compared. From then on, they can be
   * read.
   */
  @Column('uuid', { name: 'imported_transfer_id', nullable: true }) importedTransferId: string | null;
  /**
   * Whether the rows here are not the tenant's current ones, because an import is replacing them or they are
   * too old.
   */
  @Column('boolean', { name: 'is_being_replaced', default: false }) isBeingReplaced: boolean;
  /** The last job that caused this plane's copy to be served again, after all earlier access was revoked. */
  @Column('uuid', { name: 'reopened_by', nullable: true }) reopenedBy: string | null;
  /**
   * When the newest transfer run of the tenant's rows began. No two runs have the same time, even if the
   * clock was set back.
   */
  @TimestampColumn({ name: 'run_begun_at', nullable: true }) runBegunAt: Date | null;
  /** The move away from this plane that the tenant's admin has consented to. */
  @Column('uuid', { name: 'move_consent_id', nullable: true }) moveConsentId: string | null;
  /** The tenant's current address, if the tenant was served here before. */
  @Column('varchar', { name: 'moved_to', nullable: true }) movedTo: string | null;
  /** Where the tenant will be served once its move cuts over. */
  @Column('varchar', { name: 'moving_to', nullable: true }) movingTo: string | null;
  /**
   * Which sign-up tokens are revoked, and which tokens from earlier homes are valid here. The tokens
   * themselves do not say.
   */
  @JsonColumn({ name: 'signup_links', nullable: true }) signupLinks: DesiredSignupLinks | null;
  /** The job that requested the removal of the tenant's rows here. */
  @Column('uuid', { name: 'purge_job_id', nullable: true }) purgeJobId: string | null;
  /** How many days of history the newest lease allows that a sweep has seen. Null before the first sweep. */
  @Column('integer', { name: 'retention_days', nullable: true }) retentionDays: number | null;
  /** From when on older history may be deleted, by the time that leases prove. */
  @TimestampColumn({ name: 'retention_from', nullable: true }) retentionFrom: Date | null;
  /** Everything that had to go up to this time is deleted. */
  @TimestampColumn({ name: 'history_swept_until', nullable: true }) historySweptUntil: Date | null;
}
