import {
  CELL_DRAIN_STEPS,
  type DeploymentModel,
  SECRET_ROTATION_STEPS,
  UPGRADE_STEPS,
  UPGRADE_WAVE_STEPS,
  WARM_POOL_STEPS,
  profileOf,
} from '@atlas/deployment-profiles';
import {
  type FailureClass,
  type JobDirection,
  type JobError,
  type JobStatus,
  type StepState,
  newStepState,
} from '@atlas/jobs';
import { OPERATION_NAMES, type OperationName, type TenantOperation } from '@atlas/operator-api';
import { type TenantStatus } from '@atlas/tenancy';
import { ago } from './rows.fixture';

/** One way in which an operation runs. */
interface Course {
  readonly name: string;
  readonly steps: readonly string[];
  /** The step that the pages show it at, and what the step waits for there, in the words of the API. */
  readonly at: string;
  readonly waitsFor: string;
  readonly model?: DeploymentModel;
  readonly tenantStatus?: TenantStatus;
}

const { provisioning: ofCells, lifecycle: toCells } = profileOf('shared');
const { provisioning: ofCustomers, lifecycle: toCustomers } = profileOf('on_prem');
const REPORT = { at: 'await-report', waitsFor: 'the report of the tenant plane' };
const REMOVAL = { at: 'await-removal', waitsFor: 'the tenant plane to remove the rows' };

const TENANT_COURSES: { readonly [Name in TenantOperation]: readonly Course[] } = {
  provision: [
    { name: 'shared', steps: ofCells.steps, ...REPORT, tenantStatus: 'provisioning' },
    {
      name: 'on_prem',
      steps: ofCustomers.steps,
      at: 'await-enrolment',
      waitsFor: 'the enrolment of the tenant plane',
      model: 'on_prem',
      tenantStatus: 'provisioning',
    },
  ],
  suspend: [{ name: 'any', steps: toCells.suspend, ...REPORT }],
  resume: [{ name: 'any', steps: toCells.resume, ...REPORT, tenantStatus: 'suspended' }],
  move: [
    { name: 'cell', steps: toCells.move, at: 'await-copy', waitsFor: "the copy of the tenant's rows" },
    {
      name: 'from_on_prem',
      steps: toCells.move,
      at: 'await-copy',
      waitsFor:
        "the customer's consent at their tenant plane (POST /api/moves/consent), then the copy of the rows",
      model: 'on_prem',
    },
  ],
  remove_copy: [
    {
      name: 'cell',
      steps: toCells.remove_copy,
      at: 'await-purge',
      waitsFor: 'the tenant plane to remove the rows',
    },
  ],
  deprovision: [
    {
      name: 'shared',
      steps: toCells.deprovision,
      at: 'await-backup',
      waitsFor: 'the backup and its trial restore',
      tenantStatus: 'deprovisioning',
    },
    {
      name: 'on_prem',
      steps: toCustomers.deprovision,
      ...REMOVAL,
      model: 'on_prem',
      tenantStatus: 'deprovisioning',
    },
  ],
  restore: [
    {
      name: 'shared',
      steps: toCells.restore,
      at: 'await-restore',
      waitsFor: "the import of the tenant's rows",
      tenantStatus: 'deprovisioning',
    },
  ],
  purge: [{ name: 'shared', steps: toCells.purge, ...REMOVAL, tenantStatus: 'deprovisioning' }],
};

const COURSES: { readonly [Name in OperationName]: readonly Course[] } = {
  ...TENANT_COURSES,
  rotate_secret: [
    {
      name: 'routine',
      steps: SECRET_ROTATION_STEPS.routine,
      at: 'await-next-secret',
      waitsFor: 'the tenant plane to use its next secret',
    },
    {
      name: 'compromised',
      steps: SECRET_ROTATION_STEPS.compromised,
      at: 'await-reenrolment',
      waitsFor: 'the enrolment with the new install bundle',
    },
  ],
  upgrade: [
    {
      name: 'by_driver',
      steps: UPGRADE_STEPS.by_driver,
      at: 'await-healthy',
      waitsFor: 'it to report version 1.1.0',
    },
    {
      name: 'by_hand',
      steps: UPGRADE_STEPS.by_hand,
      at: 'await-version',
      waitsFor: 'the customer to upgrade the tenant plane, and for it to report version 1.1.0',
    },
  ],
  drain: [
    {
      name: 'cell',
      steps: CELL_DRAIN_STEPS,
      at: 'move-tenants',
      waitsFor: "the cell's tenants to move (3 of 8 have moved)",
    },
  ],
  warm: [
    {
      name: 'pool',
      steps: WARM_POOL_STEPS.warm,
      at: 'await-pooled-plane',
      waitsFor: 'the enrolment of the tenant plane',
    },
  ],
  cool: [
    {
      name: 'pool',
      steps: WARM_POOL_STEPS.cool,
      at: 'remove-pooled-plane',
      waitsFor: 'the tenant plane to stop',
    },
  ],
  upgrade_wave: [
    {
      name: 'fleet',
      steps: UPGRADE_WAVE_STEPS,
      at: 'upgrade-batches',
      waitsFor: 'the upgrade of cell-7, cell-8 (4 of 12 are upgraded)',
    },
  ],
};

const ERRORS: { readonly [Class in FailureClass]: JobError } = {
  retry: {
    code: 'unexpected_error',
    detail: 'Nothing listens at 10.0.0.5:5432.',
    class: 'retry',
    fix:
      'The job retries automatically, up to 6 times. If it has failed, Atlas on-call: fix the cause, then ' +
      'retry the job.',
  },
  operator: {
    code: 'wait_timed_out',
    detail: 'Timed out waiting for the report of the tenant plane.',
    class: 'operator',
    fix:
      'Atlas on-call: check the tenant plane and its log, or ask the customer who runs it. Then retry the ' +
      'job.',
  },
  fatal: {
    code: 'not_placed',
    detail: 'The tenant has no place to move to.',
    class: 'fatal',
    fix:
      'The job is undone automatically. Atlas on-call: fix the cause, then start the operation again as a ' +
      'new job.',
  },
};

const SUPERSEDED: JobError = {
  code: 'superseded',
  detail: 'Superseded by another operation: deprovision.',
  class: 'fatal',
  fix: 'Nothing to do: the other operation continues.',
};

interface Journal {
  readonly direction?: JobDirection;
  readonly steps: readonly StepState[];
  readonly error?: JobError;
}

/** How far a job is. */
interface Moment {
  readonly name: string;
  /** What the page says. */
  readonly says: string;
  /** The button for what comes next, if a person may be needed. */
  readonly next?: RegExp;
  /** The operation that nobody can go on with at it. */
  readonly nextNotOf?: OperationName;
  /** Whether every operation is shown at it, or only a move. */
  readonly isOfAll?: true;
  readonly journal: (course: Course) => Journal;
}

const CANCEL = /^(Stop|Cancel and undo|Stop the wave)$/;
const BEYOND_RETURN: JobError = {
  code: 'beyond_return',
  detail: 'The tenant is being removed, and this cannot be undone.',
  class: 'operator',
  fix:
    'Operator: retry the job. After a deprovisioning, the tenant can be restored (POST ' +
    '/api/tenants/<id>/restore). A purge is final.',
};

const MOMENTS: { readonly [Status in JobStatus]: readonly Moment[] } = {
  queued: [
    {
      name: 'queued',
      says: 'It has not started yet.',
      next: /^Cancel the job$/,
      isOfAll: true,
      journal: ({ steps }) => ({ steps: steps.map(newStepState) }),
    },
  ],
  running: [
    {
      name: 'running',
      says: 'Running at step',
      next: CANCEL,
      isOfAll: true,
      journal: (course) => ({ steps: walked(course, { status: 'running' }) }),
    },
    {
      // The runner marks only a later step as running.
      name: 'begun',
      says: 'Running',
      next: CANCEL,
      journal: ({ steps }) => ({ steps: steps.map(newStepState) }),
    },
    {
      name: 'undoing',
      says: 'Undoing its steps.',
      journal: (course) => ({
        direction: 'undo',
        steps: walked(course, { status: 'failed', error: ERRORS.fatal }),
        error: ERRORS.fatal,
      }),
    },
  ],
  waiting: [
    {
      name: 'waiting',
      says: 'Waiting at step',
      next: CANCEL,
      isOfAll: true,
      journal: (course) => ({ steps: walked(course, { status: 'waiting', waiting_for: course.waitsFor }) }),
    },
    {
      name: 'trying-again',
      says: 'It tries again automatically.',
      next: CANCEL,
      journal: (course) => ({
        steps: walked(course, { status: 'waiting', attempt: 3, error: ERRORS.retry }),
      }),
    },
  ],
  succeeded: [
    {
      name: 'succeeded',
      says: 'Nothing is left to do.',
      isOfAll: true,
      journal: ({ steps }) => ({ steps: steps.map(doneStep) }),
    },
  ],
  failed: [
    {
      name: 'failed',
      says: 'A person has to act',
      next: /^Retry$/,
      isOfAll: true,
      journal: (course) => stopped(course, ERRORS.operator),
    },
    {
      name: 'failed-after-retries',
      says: 'A person has to act',
      next: /^Retry$/,
      journal: (course) => stopped(course, ERRORS.retry),
    },
    {
      name: 'failed-while-undoing',
      says: 'Undoing it failed',
      next: /^Roll back$/,
      journal: (course) => ({
        direction: 'undo',
        steps: walked(course, { status: 'undone' }).map((step, index, { length }) => {
          if (index >= at(course)) return { ...step, status: index === at(course) ? 'undone' : 'skipped' };
          if (index < at(course) - 1 || length === 1) return step;
          return { ...step, status: 'failed', attempt: 6, error: ERRORS.retry };
        }),
        error: ERRORS.retry,
      }),
    },
    {
      name: 'beyond-return',
      says: 'This cannot be undone any more',
      next: /^Retry$/,
      journal: (course) => ({ ...stopped(course, BEYOND_RETURN), direction: 'undo' }),
    },
  ],
  cancelled: [
    {
      name: 'undone',
      says: 'All its steps were undone',
      next: /^Retry$/,
      nextNotOf: 'provision',
      isOfAll: true,
      journal: ({ steps }) => ({
        direction: 'undo',
        steps: steps.map((step, index) => ({ ...doneStep(step, index), status: 'undone' })),
        error: ERRORS.fatal,
      }),
    },
    {
      name: 'stopped',
      says: 'Stopped at step',
      next: /^Retry$/,
      isOfAll: true,
      journal: (course) => ({ steps: walked(course, { status: 'waiting', waiting_for: course.waitsFor }) }),
    },
    {
      name: 'superseded',
      says: 'Another operation took over',
      journal: (course) => ({
        steps: walked(course, { status: 'waiting', waiting_for: course.waitsFor }),
        error: SUPERSEDED,
      }),
    },
  ],
};

const LIVE: readonly JobStatus[] = ['queued', 'running', 'waiting'];

export interface JobCase extends Pick<Moment, 'name' | 'says' | 'next'> {
  readonly operation: OperationName;
  readonly link: string | RegExp | undefined;
  readonly model: DeploymentModel;
  readonly tenantStatus: TenantStatus;
  /** The columns of the job's row that depend on its state. */
  readonly row: Readonly<Record<string, unknown>>;
}

/** Every operation in every state. */
export const JOB_CASES: readonly JobCase[] = OPERATION_NAMES.flatMap((operation) =>
  COURSES[operation].flatMap((course) =>
    Object.entries(MOMENTS).flatMap(([status, moments]) =>
      moments
        .filter(({ isOfAll = false }) => isOfAll || operation === 'move')
        .map((moment) => jobCase(operation, course, status as JobStatus, moment)),
    ),
  ),
);

function jobCase(
  operation: OperationName,
  course: Course,
  status: JobStatus,
  { name, says, next, nextNotOf, journal }: Moment,
): JobCase {
  return {
    name: `${operation}-${course.name}-${name}`,
    says,
    next: nextNotOf === operation ? undefined : next,
    link: nextNotOf === operation ? 'provision the tenant again' : linkOf(operation),
    operation,
    model: course.model ?? 'shared',
    tenantStatus: course.tenantStatus ?? 'active',
    row: jobRow(operation, status, journal(course)),
  };
}

/** The link to what the job is about. */
function linkOf(operation: OperationName): RegExp | undefined {
  return operation === 'upgrade_wave' ? undefined : /^(tenant|cell)-/;
}

/** No worker claims it. */
function jobRow(
  operation: OperationName,
  status: JobStatus,
  { direction = 'run', steps, error }: Journal,
): JobCase['row'] {
  const isLive = LIVE.includes(status);
  return {
    operation,
    status,
    direction,
    steps,
    error: error ?? null,
    lease_owner: isLive ? 'the test' : null,
    lease_expires_at: isLive ? ago(-600) : null,
    due_at: ago(-600),
    created_at: ago(20),
    started_at: ago(20),
    finished_at: isLive ? null : ago(4),
  };
}

function at({ name, steps, at: step }: Course): number {
  const index = steps.indexOf(step);
  if (index < 0) throw new Error(`${name} has no step ${step}.`);
  return index;
}

function stopped(course: Course, error: JobError): Journal {
  return { steps: walked(course, { status: 'failed', attempt: 6, error }), error };
}

/** The steps of a job that has come to its current one. */
function walked(course: Course, current: Partial<StepState>): StepState[] {
  const now = at(course);
  return course.steps.map((step, index) => {
    if (index < now) return doneStep(step, index);
    return index > now
      ? newStepState(step)
      : { ...newStepState(step), attempt: 1, started_at: ago(10), ...current };
  });
}

function doneStep(name: string, index: number): StepState {
  const started = 20 - index;
  return {
    ...newStepState(name),
    status: 'done',
    attempt: 1,
    started_at: ago(started),
    finished_at: ago(started - 0.2),
  };
}

/** The row of an operation's job, at that moment of its first course. */
export function jobAt(operation: OperationName, moment: string): JobCase['row'] {
  const found = JOB_CASES.find((one) => one.operation === operation && one.name.endsWith(`-${moment}`));
  if (!found) throw new Error(`There is no job ${operation} that is ${moment}.`);
  return found.row;
}

export function isOfTenant(operation: OperationName): operation is TenantOperation {
  return operation in TENANT_COURSES;
}
