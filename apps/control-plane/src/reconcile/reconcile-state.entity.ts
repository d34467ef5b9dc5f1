import { type DriftSubject } from '@atlas/operator-api';
import { JsonColumn, TimestampColumn } from '@atlas/persistence';
import { Column, Entity, PrimaryColumn } from 'typeorm';

/**
 * A single row with the time at which the next reconciliation is
 * due. The process that advances this time runs the reconciliation.
 */
@Entity('reconcile_turns')
export class ReconcileTurn {
  @PrimaryColumn('integer') id: number;
  @TimestampColumn({ name: 'due_at' }) dueAt: Date;
}

/** A subject whose rows have changed since it was last compared. Triggers write these rows. */
@Entity('reconcile_changes')
export class ReconcileChange {
  /** Assigned by the database. */
  @PrimaryColumn('bigint') position: string;
  @Column('varchar') kind: DriftSubject;
  @Column('uuid', { name: 'subject_id' }) subjectId: string;
}

/** How far the rounds have come with one kind of subject. */
@Entity('reconcile_cursors')
export class ReconcileCursor {
  @PrimaryColumn('varchar') name: string;
  /** Null for the first page. */
  @Column('varchar', { nullable: true }) position: string | null;
}

/** A single row with the newest pass. */
@Entity('reconcile_passes')
export class ReconcilePass {
  @PrimaryColumn('integer') id: number;
  /** Null if there never was a pass. */
  @Column('uuid', { name: 'pass_id', nullable: true }) passId: string | null;
  @Column('boolean', { name: 'is_running' }) isRunning: boolean;
  @TimestampColumn({ name: 'started_at', nullable: true }) startedAt: Date | null;
  @TimestampColumn({ name: 'finished_at', nullable: true }) finishedAt: Date | null;
  /** Fences a process that another one has overtaken. */
  @Column('integer', { name: 'lease_number' }) leaseNumber: number;
  @TimestampColumn({ name: 'lease_expires_at', nullable: true }) leaseExpiresAt: Date | null;
  /** The source of subjects that is being read, and where its next page begins. Null at the beginning. */
  @Column('varchar', { nullable: true }) part: string | null;
  @Column('varchar', { nullable: true }) position: string | null;
  @Column('integer') expected: number;
  @Column('integer', { name: 'looked_at' }) lookedAt: number;
  @Column('integer') found: number;
  @Column('integer') repaired: number;
  @Column('integer') gone: number;
  @JsonColumn({ name: 'not_looked_at' }) notLookedAt: DriftSubject[];
}
