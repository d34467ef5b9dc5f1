import { LIFECYCLE_OPERATIONS } from '@atlas/deployment-profiles';
import { type JobDirection } from '@atlas/jobs';
import { type OperationName, type TenantOperation } from '@atlas/operator-api';
import { type TenantStatus } from '@atlas/tenancy';

/** Writes do not pause for longer than this: the move is undone then. */
export const MAX_FREEZE_MS = 30_000;

/**
 * What an operation asks and makes of its tenant's status;
 * its steps do the rest. What is left out stays as it is.
 */
interface OperationRules {
  /** Where it may start. */
  readonly from: readonly TenantStatus[];
  /** While it is resumed, and while it is rolled back. */
  readonly whileResumed?: TenantStatus;
  readonly whileUndone?: TenantStatus;
  /** When it fails or is cancelled. */
  readonly whenStopped?: TenantStatus;
  /**
   * Ends the tenant's other running jobs. Cancelling it before its
   * first step rolls it back, which undoes what those jobs did.
   */
  readonly supersedes?: boolean;
  /**
   * What it cannot go on beside, at a plane and the one tenant that this serves. Cells go on through all of
   * it, and so does a change of secrets: the plane stays what it is.
   */
  readonly excludes?: readonly OperationName[];
  /** It makes a place that the tenant holds beside its home until the job succeeds or is rolled back. */
  readonly makesPlace?: boolean;
  /** To cancel it is to roll it back. */
  readonly isUndoneWhenCancelled?: boolean;
  /** The direction in which it ends with a tenant that lets its users in. */
  readonly letsIn?: JobDirection;
  /**
   * The tenant's writes are paused from the end of this step until the job has ended or is undone. A failure
   * in between must not leave the job stopped: if retries do not help within this time, the job is undone.
   */
  readonly pausesWrites?: { readonly from: string; readonly atMostMs: number };
  /** When it is rolled back whole. */
  readonly whenUndone?: TenantStatus;
  /** Once this step is done it only goes forward. */
  readonly beyondReturn?: { readonly after: string; readonly why: string };
  /**
   * The step that closes a cell. Once it is done, the job goes on only while nobody has reopened the cell.
   */
  readonly closesCell?: string;
  /**
   * Statuses of the tenant in which a job may be retried or rolled back. Required for operations on a tenant.
   */
  readonly restartsIn?: readonly TenantStatus[];
  /**
   * Operations that may have begun since. A job that creates a place must
   * still hold it. Anything else relies on the state that this job left.
   */
  readonly restartsBehind?: readonly OperationName[];
  /** What to do when a job can no longer be restarted. By default: start the operation again. */
  readonly instead?: string;
}

/** Every operation on a tenant has to say when it may be restarted. */
interface TenantOperationRules extends OperationRules {
  readonly restartsIn: readonly TenantStatus[];
}

type RulesOf<Name extends OperationName> = Name extends TenantOperation
  ? TenantOperationRules
  : OperationRules;

export const OPERATION_RULES: { readonly [Name in OperationName]: RulesOf<Name> } = {
  provision: {
    from: [],
    restartsIn: ['failed'],
    instead: 'Deprovision this tenant, then provision a new one.',
    letsIn: 'run',
    whileResumed: 'provisioning',
    whileUndone: 'deprovisioning',
    whenStopped: 'failed',
    whenUndone: 'deleted',
  },
  // The first step changes the status, so a job may have stopped before it or after it.
  suspend: { from: ['active'], restartsIn: ['active', 'suspended'] },
  resume: { from: ['suspended'], restartsIn: ['active', 'suspended'] },
  // Stopped half-way its writes would stay paused.
  move: {
    from: ['active', 'suspended'],
    restartsIn: ['active', 'suspended'],
    // Rolling back a deprovisioning also frees the place. One
    // that an earlier version cancelled may never have begun.
    restartsBehind: ['suspend', 'resume', 'remove_copy', 'deprovision'],
    excludes: ['upgrade'],
    makesPlace: true,
    isUndoneWhenCancelled: true,
    pausesWrites: { from: 'freeze', atMostMs: MAX_FREEZE_MS },
    beyondReturn: {
      after: 'reopen-copy',
      why:
        'The old tenant plane is the home of the tenant again, and its users may write there: there is ' +
        'no way back from here. Let the job go on (retry it if it failed), or deprovision the tenant.',
    },
  },
  remove_copy: {
    from: ['active', 'suspended'],
    restartsIn: ['active', 'suspended'],
    // The removal of another old copy. After a later move, nobody knows what has become of this copy.
    restartsBehind: ['remove_copy'],
    instead: 'If the old copy still exists, a new job removes it.',
  },
  // Not from `deprovisioning`: one that has begun is gone
  // on with (retry), and one that is over can be restored.
  deprovision: {
    from: ['provisioning', 'active', 'suspended', 'failed'],
    restartsIn: ['provisioning', 'active', 'suspended', 'failed', 'deprovisioning'],
    letsIn: 'undo',
    supersedes: true,
  },
  // Nothing may have begun since: a purge may have erased what the restore needs.
  restore: {
    from: ['deprovisioning'],
    restartsIn: ['deprovisioning', 'active', 'suspended'],
    instead:
      'If the tenant is back, there is nothing left to do. If its purge has begun, retry the purge: ' +
      'what it has erased cannot be restored.',
    letsIn: 'run',
    makesPlace: true,
    isUndoneWhenCancelled: true,
    beyondReturn: {
      after: 'reinstate',
      why:
        'The tenant is back and its users may write: to take the restore back would lose what they ' +
        'wrote. Let the job go on (retry it if it failed), or deprovision the tenant again, which ' +
        'backs up what is there now.',
    },
  },
  purge: {
    from: ['deprovisioning'],
    restartsIn: ['deprovisioning'],
    instead:
      'To remove the tenant after all, deprovision it again (POST /api/tenants/<id>/deprovision), ' +
      'which backs up its current rows.',
  },
  // About no tenant. Stopped half-way a secret that nobody waits for would stay accepted.
  rotate_secret: { from: [], isUndoneWhenCancelled: true },
  // Likewise. Stopped half-way nobody would look whether the plane came up.
  upgrade: {
    from: [],
    excludes: ['provision', ...LIFECYCLE_OPERATIONS],
    isUndoneWhenCancelled: true,
    restartsBehind: ['rotate_secret'],
  },
  // Likewise. Stopped half-way nobody would be placed there, nor anybody move away.
  drain: {
    from: [],
    isUndoneWhenCancelled: true,
    closesCell: 'close-cell',
    restartsBehind: ['rotate_secret'],
  },
  // About the fleet. The upgrades that it has begun come to their own end.
  upgrade_wave: { from: [] },
};
