import { LIFECYCLE_OPERATIONS } from '@atlas/deployment-profiles';
import { type JobDirection } from '@atlas/jobs';
import { type OperationName, type TenantOperation } from '@atlas/operator-api';
import { type TenantStatus } from '@atlas/tenancy';

/** The maximum time that writes may be paused. After that, the move is undone. */
export const MAX_FREEZE_MS = 30_000;

/**
 * What an operation requires of its tenant's status, and how it changes
 * that status. If no new status is given, the status stays unchanged.
 */
interface OperationRules {
  /** The tenant statuses in which the operation may start. */
  readonly from: readonly TenantStatus[];
  /**
   * Whether consecutive steps may share a transaction. They may if they lock nothing but the tenant and,
   * after it, one plane.
   */
  readonly combinesSteps?: boolean;
  /** The tenant's status while the job is being retried, and while it is being rolled back. */
  readonly whileResumed?: TenantStatus;
  readonly whileUndone?: TenantStatus;
  /** The tenant's status once the job has failed or been cancelled. */
  readonly whenStopped?: TenantStatus;
  /**
   * Whether the operation cancels the tenant's other live jobs. If the operation's own job is
   * cancelled before its first step is done, the job is rolled back, to undo what the other jobs did.
   */
  readonly supersedes?: boolean;
  /**
   * Operations that must not run on a single-tenant plane, or on its tenant, at the same time
   * as this one. Secret rotations are exempt, since they do not change the plane itself.
   */
  readonly excludes?: readonly OperationName[];
  /**
   * Whether the operation gives the tenant a second place,
   * besides its home, until the job succeeds or is rolled back.
   */
  readonly makesPlace?: boolean;
  /** The direction in which the job leaves the tenant open to its users. */
  readonly letsIn?: JobDirection;
  /**
   * The tenant's writes are paused once the step `from` is done, until the job
   * ends or is undone. If the job fails in between and retries do not succeed
   * within `atMostMs`, the job is undone, so that writes never stay paused.
   */
  readonly pausesWrites?: { readonly from: string; readonly atMostMs: number };
  /** Whether the job is undone if it fails, instead of waiting for a person. */
  readonly undoesFailed?: boolean;
  /** The tenant's status once the job is completely rolled back. */
  readonly whenUndone?: TenantStatus;
  /** Once the step `after` is done, the job can no longer be rolled back. */
  readonly beyondReturn?: { readonly after: string; readonly why: string };
  /**
   * The step that closes a cell. Once that step is done, the
   * job may be retried only while the cell stays closed.
   */
  readonly closesCell?: string;
  /** The tenant statuses in which a job may be retried or rolled back. Required for tenant operations. */
  readonly restartsIn?: readonly TenantStatus[];
  /**
   * Later operations that do not prevent a restart. For a job that creates a place,
   * this holds only while the tenant has that place. Any other later operation
   * prevents a restart, because it relies on the state that this job left.
   */
  readonly restartsBehind?: readonly OperationName[];
  /** What to do when a job can no longer be restarted. By default: start the operation again. */
  readonly instead?: string;
}

/** Every operation on a tenant must declare when it may be restarted. */
interface TenantOperationRules extends OperationRules {
  readonly restartsIn: readonly TenantStatus[];
}

type RulesOf<Name extends OperationName> = Name extends TenantOperation
  ? TenantOperationRules
  : OperationRules;

export const OPERATION_RULES: { readonly [Name in OperationName]: RulesOf<Name> } = {
  provision: {
    from: [],
    combinesSteps: true,
    restartsIn: ['failed'],
    instead: 'Deprovision this tenant, then provision a new one.',
    letsIn: 'run',
    whileResumed: 'provisioning',
    whileUndone: 'deprovisioning',
    whenStopped: 'failed',
    whenUndone: 'deleted',
  },
  // The first step changes the status, so a stopped job may have left either status.
  suspend: { from: ['active'], combinesSteps: true, restartsIn: ['active', 'suspended'] },
  resume: { from: ['suspended'], combinesSteps: true, restartsIn: ['active', 'suspended'] },
  move: {
    from: ['active', 'suspended'],
    restartsIn: ['active', 'suspended'],
    // `deprovision` is included because a deprovisioning that an earlier version cancelled may never have
    // run. If it did run, its rollback has freed the move's place, so the move cannot restart anyway.
    restartsBehind: ['suspend', 'resume', 'remove_copy', 'deprovision'],
    excludes: ['upgrade'],
    makesPlace: true,
    pausesWrites: { from: 'freeze', atMostMs: MAX_FREEZE_MS },
    beyondReturn: {
      after: 'reopen-copy',
      why:
        'The old tenant plane is the home of the tenant again, and its users may have made changes, so ' +
        'the job cannot be rolled back. Let it finish (retry it if it failed), or deprovision the tenant.',
    },
  },
  remove_copy: {
    from: ['active', 'suspended'],
    restartsIn: ['active', 'suspended'],
    // A later `remove_copy` may have removed a different old copy.
    // After a later move, the state of this copy is unknown.
    restartsBehind: ['remove_copy'],
    instead: 'If the old copy still exists, a new job will remove it.',
  },
  // Not from `deprovisioning`, because an unfinished job can be
  // retried, and a tenant whose job has finished can be restored.
  deprovision: {
    from: ['provisioning', 'active', 'suspended', 'failed'],
    restartsIn: ['provisioning', 'active', 'suspended', 'failed', 'deprovisioning'],
    letsIn: 'undo',
    supersedes: true,
  },
  // No later operation is harmless, because a purge may have erased what the restore needs.
  restore: {
    from: ['deprovisioning'],
    restartsIn: ['deprovisioning', 'active', 'suspended'],
    instead:
      'If the tenant is back, there is nothing left to do. If its purge has started, retry the purge: ' +
      'erased data cannot be restored.',
    letsIn: 'run',
    makesPlace: true,
    beyondReturn: {
      after: 'reinstate',
      why:
        'The tenant is back and its users may have made changes, so rolling back the restore could ' +
        'lose data. Let the job finish (retry it if it failed), or deprovision the tenant again. Doing ' +
        'so backs up its current rows.',
    },
  },
  purge: {
    from: ['deprovisioning'],
    restartsIn: ['deprovisioning'],
    instead:
      'To remove the tenant anyway, deprovision it again (POST /api/tenants/<id>/deprovision). This ' +
      'backs up its current rows.',
  },
  // A rotation has no tenant.
  rotate_secret: { from: [] },
  upgrade: {
    from: [],
    excludes: ['provision', ...LIFECYCLE_OPERATIONS],
    restartsBehind: ['rotate_secret'],
  },
  drain: {
    from: [],
    closesCell: 'close-cell',
    restartsBehind: ['rotate_secret'],
  },
  // Nobody waits for the plane, so nothing of it is kept. The pool starts another job later.
  warm: { from: [], undoesFailed: true },
  cool: { from: [] },
  // Once a wave is cancelled, it starts no further upgrades. Those already running finish.
  upgrade_wave: { from: [] },
};
