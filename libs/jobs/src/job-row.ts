import { JsonColumn, TimestampColumn } from '@atlas/persistence';
import { uuidv7 } from '@atlas/tenancy';
import { Column, PrimaryColumn } from 'typeorm';
import {
  type JobDirection,
  type JobParams,
  type JobStatus,
  type StepState,
  type StoredJobError,
  newStepState,
} from './job';

/**
 * The journal of one job, and the lease on it: the owner, the fencing number and the expiry. An application
 * extends it with what its jobs are about.
 */
export abstract class JobRow {
  @PrimaryColumn('uuid') id: string;
  @Column('varchar') operation: string;
  /** The job that started it. */
  @Column('uuid', { name: 'parent_id', nullable: true }) parentId: string | null;
  /** The job failed or was cancelled before its parent was retried, and no longer counts there. */
  @Column('boolean', { name: 'is_dismissed' }) isDismissed: boolean;
  /** The arguments of the operation. Never secrets. */
  @JsonColumn() params: JobParams;
  @Column('varchar') status: JobStatus;
  @Column('varchar') direction: JobDirection;
  @JsonColumn() steps: StepState[];
  @JsonColumn({ nullable: true }) error: StoredJobError | null;
  @Column('varchar', { name: 'lease_owner', nullable: true }) leaseOwner: string | null;
  /** Counts up with each claim. A worker with an older number writes nothing. */
  @Column('integer', { name: 'lease_number' }) leaseNumber: number;
  @TimestampColumn({ name: 'lease_expires_at', nullable: true }) leaseExpiresAt: Date | null;
  /** When the sweep looks at the job again, even if nothing woke it. */
  @TimestampColumn({ name: 'due_at' }) dueAt: Date;
  /** Counts wake-ups. A step that decides to wait compares it, so that it misses none. */
  @Column('integer') wakes: number;
  @TimestampColumn({ name: 'created_at' }) createdAt: Date;
  @TimestampColumn({ name: 'started_at', nullable: true }) startedAt: Date | null;
  @TimestampColumn({ name: 'finished_at', nullable: true }) finishedAt: Date | null;
}

export interface JobRequest {
  readonly operation: string;
  readonly parentId?: string | null;
  readonly params?: JobParams;
  /** Names, in order. */
  readonly steps: readonly string[];
}

/** A queued job that has done nothing yet. `Jobs.insert` sets when it is due, by the database's time. */
export function newJobRow({ operation, parentId = null, params = {}, steps }: JobRequest, now: Date): JobRow {
  return {
    id: uuidv7(now),
    operation,
    parentId,
    isDismissed: false,
    params,
    status: 'queued',
    direction: 'run',
    steps: steps.map(newStepState),
    error: null,
    leaseOwner: null,
    leaseNumber: 0,
    leaseExpiresAt: null,
    dueAt: now,
    wakes: 0,
    createdAt: now,
    startedAt: null,
    finishedAt: null,
  };
}
