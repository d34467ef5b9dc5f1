import { LIFECYCLE_OPERATIONS, type LifecycleOperation } from '@atlas/deployment-profiles';
import { JOB_STATUSES, type JobDirection, type JobError, type JobStatus, type StepState } from '@atlas/jobs';
import { BooleanInText, LowerCase, Optional, type Page, PageQuery } from '@atlas/platform';
import { IsBoolean, IsIn, IsUUID } from 'class-validator';

/** Jobs: operations that take longer than a request. */
export interface JobsApi {
  /** List jobs, newest first */
  'GET /api/provisioning-jobs': { query: ListJobsQuery; 200: Page<JobView> };
  /** Show a job and its steps */
  'GET /api/provisioning-jobs/:id': { 200: JobView };
  /** Follow a job through server-sent events until it finishes */
  'GET /api/provisioning-jobs/:id/events': { 200: string };
  /** Retry a failed or cancelled job from the step where it stopped */
  'POST /api/provisioning-jobs/:id/retry': { 202: { job: JobView } };
  /** Cancel a job before its next step */
  'POST /api/provisioning-jobs/:id/cancel': { 202: { job: JobView } };
  /** Undo the steps of a failed or cancelled job, in reverse order */
  'POST /api/provisioning-jobs/:id/rollback': { 202: { job: JobView } };
}

/** Operations on a tenant plane as a whole. */
const PLANE_OPERATIONS = ['rotate_secret', 'upgrade', 'drain', 'warm', 'cool'] as const;

/** Operations on the fleet. */
const FLEET_OPERATIONS = ['upgrade_wave'] as const;

export const OPERATION_NAMES = [
  'provision',
  ...LIFECYCLE_OPERATIONS,
  ...PLANE_OPERATIONS,
  ...FLEET_OPERATIONS,
] as const;
export type TenantOperation = 'provision' | LifecycleOperation;
export type OperationName =
  TenantOperation | (typeof PLANE_OPERATIONS)[number] | (typeof FLEET_OPERATIONS)[number];

export interface JobView {
  readonly id: string;
  readonly operation: OperationName;
  readonly status: JobStatus;
  /** Whether the job runs its steps, or undoes them. */
  readonly direction: JobDirection;
  readonly tenant_id: string | null;
  /** Null if the job has no tenant. */
  readonly tenant_slug: string | null;
  readonly tenant_plane_id: string | null;
  /** The job that started this job. */
  readonly parent_id?: string;
  readonly steps: readonly StepView[];
  readonly error: JobError | null;
  readonly created_at: Date;
  readonly finished_at: Date | null;
}

export interface StepView extends Omit<StepState, 'error'> {
  readonly error: JobError | null;
}

export class ListJobsQuery extends PageQuery {
  @Optional()
  @LowerCase()
  @IsUUID()
  tenant_id?: string;

  @Optional()
  @LowerCase()
  @IsUUID()
  tenant_plane_id?: string;

  /** Only child jobs of this job. */
  @Optional()
  @LowerCase()
  @IsUUID()
  parent_id?: string;

  @Optional()
  @IsIn(JOB_STATUSES)
  status?: JobStatus;

  @Optional()
  @IsIn(OPERATION_NAMES)
  operation?: OperationName;

  /** true: only jobs that are queued, running or waiting. */
  @Optional()
  @BooleanInText()
  @IsBoolean()
  live?: boolean;

  /**
   * true: only jobs that wait for a person's decision. They have failed, or were cancelled in a way that
   * leaves their tenant `failed`, `deprovisioning`, or suspended or resumed without the plane's confirmation.
   * Nobody has dismissed them, and no other job was started since for the same tenant or plane.
   */
  @Optional()
  @BooleanInText()
  @IsBoolean()
  needs_attention?: boolean;
}
