import { JsonColumn, TimestampColumn } from '@atlas/persistence';
import { Column, Entity, PrimaryColumn } from 'typeorm';
import {
  type JobDirection,
  type JobParams,
  type JobStatus,
  type StepState,
  type StoredJobError,
} from '../jobs/job';
import { type OperationName } from './operation-rules';

/** The journal of one operation. Its row is also the lease: who works on it, under which fencing number, until when. */
@Entity('provisioning_jobs')
export class ProvisioningJob {
  @PrimaryColumn('uuid') id: string;
  @Column('varchar') operation: OperationName;
  /** Whom or what it is about: a tenant, a tenant plane as a whole, or neither: the fleet. */
  @Column('uuid', { name: 'tenant_id', nullable: true }) tenantId: string | null;
  @Column('uuid', { name: 'tenant_plane_id', nullable: true }) tenantPlaneId: string | null;
  /** The job that began it. */
  @Column('uuid', { name: 'parent_id', nullable: true }) parentId: string | null;
  /** It failed, or was cancelled, before that job was begun again, and no longer counts there. */
  @Column('boolean', { name: 'is_dismissed' }) isDismissed: boolean;
  /** What was asked for, besides. No secrets. */
  @JsonColumn() params: JobParams;
  @Column('varchar') status: JobStatus;
  @Column('varchar') direction: JobDirection;
  @JsonColumn() steps: StepState[];
  @JsonColumn({ nullable: true }) error: StoredJobError | null;
  @Column('varchar', { name: 'lease_owner', nullable: true }) leaseOwner: string | null;
  /** Counts up with each claim: a worker with an older one writes nothing. */
  @Column('integer', { name: 'lease_number' }) leaseNumber: number;
  @TimestampColumn({ name: 'lease_expires_at', nullable: true }) leaseExpiresAt: Date | null;
  /** When the sweep looks at it again although nobody woke it. */
  @TimestampColumn({ name: 'due_at' }) dueAt: Date;
  /** Counts what happened meanwhile: a step that decides to wait must not have missed any of it. */
  @Column('integer') wakes: number;
  @TimestampColumn({ name: 'created_at' }) createdAt: Date;
  @TimestampColumn({ name: 'started_at', nullable: true }) startedAt: Date | null;
  @TimestampColumn({ name: 'finished_at', nullable: true }) finishedAt: Date | null;
}
