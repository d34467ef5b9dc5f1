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
 * The tenants of this plane, as last applied: the directory in which a request's tenant is looked up, before
 * there is one. Not tenant-scoped, hence no `tenant_id`.
 */
@Entity('tenants')
export class Tenant {
  @PrimaryColumn('uuid') id: string;
  @Column('varchar') slug: string;
  @Column('varchar') name: string;
  @Column('varchar') status: DesiredTenantStatus;
  @Column('varchar') plan: Plan;
  @Column('varchar', { name: 'admin_email' }) adminEmail: string;
  @Column('varchar') phase: PlacementPhase;
  /** When this plane last learned that the tenant is frozen, in the time that its replicas share. */
  @TimestampColumn({ name: 'frozen_at', nullable: true }) frozenAt: Date | null;
  /** The entry that was applied, and the one that was reported to the Control Plane. */
  @Column('integer', { name: 'entry_revision' }) entryRevision: number;
  @Column('integer', { name: 'reported_revision' }) reportedRevision: number;
  /** The transfer that it is part of. */
  @JsonColumn({ nullable: true }) transfer: DesiredTransfer | null;
  /** That transfer, once all rows have arrived and were compared: from then on they can be read. */
  @Column('uuid', { name: 'imported_transfer_id', nullable: true }) importedTransferId: string | null;
  /** The rows here are not the tenant's current ones: an import is replacing them, or they are too old. */
  @Column('boolean', { name: 'is_being_replaced', default: false }) isBeingReplaced: boolean;
  /** The last job that had the copy here served again, after all earlier access was ended. */
  @Column('uuid', { name: 'reopened_by', nullable: true }) reopenedBy: string | null;
  /**
   * When the newest run of a transfer of its rows began. No two begin at the same moment, whatever the clock
   * says.
   */
  @TimestampColumn({ name: 'run_begun_at', nullable: true }) runBegunAt: Date | null;
  /** The move away from here that its admin has consented to. */
  @Column('uuid', { name: 'move_consent_id', nullable: true }) moveConsentId: string | null;
  /** Where it lives now, if it lived here before. */
  @Column('varchar', { name: 'moved_to', nullable: true }) movedTo: string | null;
  /** What cannot be read from its sign-up tokens themselves. */
  @JsonColumn({ name: 'signup_links', nullable: true }) signupLinks: DesiredSignupLinks | null;
  /** The job that wants its rows here removed. */
  @Column('uuid', { name: 'purge_job_id', nullable: true }) purgeJobId: string | null;
}
