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
 * The journal of one job, and the lease on it: owner, fencing number and expiry. An application extends this
 * class with the targets of its jobs.
 */
export abstract class JobRow {
  @PrimaryColumn('uuid') id: string;
  @Column('varchar') operation: string;
  /** The job that started this job. */
  @Column('uuid', { name: 'parent_id', nullable: true }) parentId: string | null;
  /** Whether the job failed or was cancelled before its parent was retried. The parent then ignores it. */
  @Column('boolean', { name: 'is_dismissed' }) isDismissed: boolean;
  /** The arguments of the operation. They never contain secrets. */
  @JsonColumn() params: JobParams;
  @Column('varchar') status: JobStatus;
  @Column('varchar') direction: JobDirection;
  @JsonColumn() steps: StepState[];
  @JsonColumn({ nullable: true }) error: StoredJobError | null;
  @Column('varchar', { name: 'lease_owner', nullable: true }) leaseOwner: string | null;
  /** Incremented by each claim. A worker with an older number cannot write. */
  @Column('integer', { name: 'lease_number' }) leaseNumber: number;
  @TimestampColumn({ name: 'lease_expires_at', nullable: true }) leaseExpiresAt: Date | null;
  /** When the sweep checks the job again, even if nothing woke it. */
  @TimestampColumn({ name: 'due_at' }) dueAt: Date;
  /** The number of wake-ups. Compared before a step starts to wait, so that no wake-up is missed. */
  @Column('integer') wakes: number;
  @TimestampColumn({ name: 'created_at' }) createdAt: Date;
  @TimestampColumn({ name: 'started_at', nullable: true }) startedAt: Date | null;
  @TimestampColumn({ name: 'finished_at', nullable: true }) finishedAt: Date | null;
}

export interface JobRequest {
  readonly operation: string;
  readonly parentId?: string | null;
  readonly params?: JobParams;
  /** The names of the steps, in order. */
  readonly steps: readonly string[];
}

/** A queued job that has not started. `Jobs.insert` sets its due time on the database's clock. */
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
