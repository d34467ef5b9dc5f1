import { TimestampColumn } from '@atlas/persistence';
import { type PlacementPhase, type ReportedCode, type ReportedState } from '@atlas/plane-contract';
import { Column, Entity, PrimaryColumn } from 'typeorm';

/**
 * A tenant's place on a tenant plane. Desired state is derived from
 * these rows. At most one placement per tenant is `serving` or `frozen`.
 */
@Entity('placements')
export class Placement {
  @PrimaryColumn('uuid', { name: 'tenant_id' }) tenantId: string;
  @PrimaryColumn('uuid', { name: 'tenant_plane_id' }) tenantPlaneId: string;
  @Column('varchar') phase: PlacementPhase;
  /** Whether the placement counts towards the plane's capacity. */
  @Column('boolean', { name: 'holds_place' }) holdsPlace: boolean;
  /** The plane's revision at which the tenant's entry last changed; 0 while the place is only reserved. */
  @Column('integer', { name: 'entry_revision' }) entryRevision: number;
  /** The entry revision that the plane last reported on, and what it reported. */
  @Column('integer', { name: 'reported_revision' }) reportedRevision: number;
  @Column('varchar', { name: 'reported_state', nullable: true }) reportedState: ReportedState | null;
  @Column('text', { name: 'reported_error', nullable: true }) reportedError: string | null;
  @Column('varchar', { name: 'reported_code', nullable: true }) reportedCode: ReportedCode | null;
  /**
   * The transfer that brought the rows. Set only while their source (a backup, or the copy at the old home)
   * is kept. While it is set, the plane serves the tenant only from these rows.
   */
  @Column('uuid', { name: 'restored_from', nullable: true }) restoredFrom: string | null;
  /**
   * The instance of the plane, and thus the database, that imported the rows. For an old copy: the instance
   * that has the copy. If the copy is served again, this stays set until the plane has reported serving the
   * tenant. Set to `NO_INSTANCE` when the removal of a database that has lost the rows begins.
   */
  @Column('uuid', { name: 'imported_by', nullable: true }) importedBy: string | null;
  /**
   * For a home whose kept copy is served again: the job that
   * reopened the copy. Published while the tenant lives there.
   */
  @Column('uuid', { name: 'reopened_by', nullable: true }) reopenedBy: string | null;
  /** The job that is removing the rows from the plane. */
  @Column('uuid', { name: 'purge_job_id', nullable: true }) purgeJobId: string | null;
  /**
   * The job that has begun to remove this single-tenant plane. From then on the rows may no longer be there.
   */
  @Column('uuid', { name: 'removed_by', nullable: true }) removedBy: string | null;
  /** When an old copy may be removed. */
  @TimestampColumn({ name: 'remove_after', nullable: true }) removeAfter: Date | null;
  @TimestampColumn({ name: 'created_at' }) createdAt: Date;
}
