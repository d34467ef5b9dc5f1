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
 * The tenants that this plane serves, as last applied: the directory in which a request's tenant is looked
 * up, before there is one. Not tenant-scoped, hence without `tenant_id`.
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
  /** When this plane was last told that it is frozen, by the time that its replicas share. */
  @TimestampColumn({ name: 'frozen_at', nullable: true }) frozenAt: Date | null;
  /** The entry that was applied, and the one that the Control Plane has been told of. */
  @Column('integer', { name: 'entry_revision' }) entryRevision: number;
  @Column('integer', { name: 'reported_revision' }) reportedRevision: number;
  /** The move that it is part of. */
  @JsonColumn({ nullable: true }) transfer: DesiredTransfer | null;
  /**
   * That move, once its rows are all here and have been found to be the same: from then on they can be read.
   */
  @Column('uuid', { name: 'imported_transfer_id', nullable: true }) importedTransferId: string | null;
  /**
   * The rows here are not the tenant's: an import has begun
   * to replace them and has yet to end, or they are too old.
   */
  @Column('boolean', { name: 'is_being_replaced', default: false }) isBeingReplaced: boolean;
  /** The last job that had the copy here served again, once all access from before has ended. */
  @Column('uuid', { name: 'reopened_by', nullable: true }) reopenedBy: string | null;
  /**
   * When the newest run of a transfer of its rows began. No
   * two begin at the same moment, whatever the clock says.
   */
  @TimestampColumn({ name: 'run_begun_at', nullable: true }) runBegunAt: Date | null;
  /** The move away from here that its admin has agreed to. */
  @Column('uuid', { name: 'move_consent_id', nullable: true }) moveConsentId: string | null;
  /** Where it lives, when it lived here before. */
  @Column('varchar', { name: 'moved_to', nullable: true }) movedTo: string | null;
  /** What of its sign-up tokens cannot be seen in the tokens themselves. */
  @JsonColumn({ name: 'signup_links', nullable: true }) signupLinks: DesiredSignupLinks | null;
  /** Its rows here shall be removed, by the word of this job. */
  @Column('uuid', { name: 'purge_job_id', nullable: true }) purgeJobId: string | null;
}
