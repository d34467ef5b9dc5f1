import { type DriftSubject } from '@atlas/operator-api';
import { TimestampColumn } from '@atlas/persistence';
import { Column, Entity, PrimaryColumn } from 'typeorm';

/**
 * A difference between the rows and reality. A drift is open until it is resolved. A subject has at most one
 * open drift of each kind.
 */
@Entity('drifts')
export class Drift {
  @PrimaryColumn('uuid') id: string;
  @Column('varchar') kind: string;
  @Column('varchar', { name: 'subject_kind' }) subjectKind: DriftSubject;
  @Column('varchar', { name: 'subject_id' }) subjectId: string;
  /** What is wrong and what to do. */
  @Column('text') detail: string;
  @TimestampColumn({ name: 'first_seen_at' }) firstSeenAt: Date;
  @TimestampColumn({ name: 'last_seen_at' }) lastSeenAt: Date;
  @TimestampColumn({ name: 'resolved_at', nullable: true }) resolvedAt: Date | null;
  /** Whether reconciliation, rather than a person, repaired the drift. */
  @Column('boolean') repaired: boolean;
  /** How many previous repairs in a row did not last. */
  @Column('integer', { name: 'failed_repairs' }) failedRepairs: number;
}
