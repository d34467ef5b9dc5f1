import { TimestampColumn } from '@atlas/persistence';
import { type PlacementPhase, type ReportedCode, type ReportedState } from '@atlas/plane-contract';
import { Column, Entity, PrimaryColumn } from 'typeorm';

/**
 * Where a tenant lives. Desired state is derived from these
 * rows; at most one of a tenant is `serving` or `frozen`.
 */
@Entity('placements')
export class Placement {
  @PrimaryColumn('uuid', { name: 'tenant_id' }) tenantId: string;
  @PrimaryColumn('uuid', { name: 'tenant_plane_id' }) tenantPlaneId: string;
  @Column('varchar') phase: PlacementPhase;
  /** Whether it is counted among the plane's places. */
  @Column('boolean', { name: 'holds_place' }) holdsPlace: boolean;
  /** The plane's revision that last changed this entry; 0 while the place is only reserved. */
  @Column('integer', { name: 'entry_revision' }) entryRevision: number;
  /** The entry revision that the plane last reported on, and what it said. */
  @Column('integer', { name: 'reported_revision' }) reportedRevision: number;
  @Column('varchar', { name: 'reported_state', nullable: true }) reportedState: ReportedState | null;
  @Column('text', { name: 'reported_error', nullable: true }) reportedError: string | null;
  @Column('varchar', { name: 'reported_code', nullable: true }) reportedCode: ReportedCode | null;
  /**
   * The transfer that brought the rows, for as long as what they came from is kept: a backup, or the copy at
   * the old home. The tenant is served from nothing else.
   */
  @Column('uuid', { name: 'restored_from', nullable: true }) restoredFrom: string | null;
  /**
   * The instance of the plane, and so its database, that imported them; at an old copy:
   * the one that has it, also once that is served again, until the plane has reported
   * so. `NO_INSTANCE` once the removal of a database that has lost them has begun.
   */
  @Column('uuid', { name: 'imported_by', nullable: true }) importedBy: string | null;
  /**
   * At a home whose kept copy is served again: the job that
   * reopened it. Told for as long as the tenant lives there.
   */
  @Column('uuid', { name: 'reopened_by', nullable: true }) reopenedBy: string | null;
  /** Its rows shall go, by this job. */
  @Column('uuid', { name: 'purge_job_id', nullable: true }) purgeJobId: string | null;
  /**
   * The job that has begun to remove a plane of the tenant's own: the rows there may be gone from then on.
   */
  @Column('uuid', { name: 'removed_by', nullable: true }) removedBy: string | null;
  /** An old copy is kept until then. */
  @TimestampColumn({ name: 'remove_after', nullable: true }) removeAfter: Date | null;
  @TimestampColumn({ name: 'created_at' }) createdAt: Date;
}
