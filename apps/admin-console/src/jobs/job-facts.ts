import { isUndoneWhenCancelled } from '@atlas/operator-api/undone-when-cancelled';
import { type Job, type Step } from '../parts/types';

const LIVE: readonly string[] = ['queued', 'running', 'waiting'];

export function isLive({ status }: Job): boolean {
  return LIVE.includes(status);
}

export function isUndoing(job: Job): boolean {
  return isLive(job) && job.direction === 'undo';
}

/** What a purge has erased cannot come back. */
export function isFinal({ operation }: Job): boolean {
  return operation === 'purge';
}

/** Whether undoing the job has failed, and what comes next is to undo the rest. */
export function isRollbackNext(job: Job): boolean {
  return isLeft(job) && job.direction === 'undo' && job.error?.code !== 'beyond_return' && !isFinal(job);
}

/** Whether anything of the job is not undone. */
export function isLeft({ steps }: Job): boolean {
  return steps.some(({ status }) => status !== 'undone' && status !== 'skipped');
}

/** Whether the job has ended and nothing of it is left. */
export function isUndone(job: Job): boolean {
  return job.status === 'cancelled' && !isLeft(job);
}

/** The step that the job is at, counted from one. */
export function currentStep({ steps }: Job): { readonly step: Step; readonly number: number } | null {
  const index = steps.findIndex(({ status }) => ['failed', 'running', 'waiting'].includes(status));
  const next = index < 0 ? steps.findIndex(({ status }) => status === 'pending') : index;
  const step = steps[next];
  return step === undefined ? null : { step, number: next + 1 };
}

const OPERATION_TEXTS: { readonly [Operation in Job['operation']]: string } = {
  provision: 'Provision',
  suspend: 'Suspend',
  resume: 'Resume',
  move: 'Move',
  remove_copy: 'Remove the old copy',
  deprovision: 'Deprovision',
  restore: 'Restore',
  purge: 'Erase for good',
  rotate_secret: 'Rotate the secret',
  upgrade: 'Upgrade',
  drain: 'Drain',
  warm: 'Prepare for the pool',
  cool: 'Remove from the pool',
  upgrade_wave: 'Upgrade many planes',
};

export function operationText(job: Pick<Job, 'operation' | 'steps'>): string {
  return isOfCompromised(job) ? 'Replace the compromised secret' : OPERATION_TEXTS[job.operation];
}

/** Whether the job rotates a secret that others may know. A routine rotation has other steps. */
export function isOfCompromised({ steps }: Pick<Job, 'steps'>): boolean {
  return steps.some(({ name }) => name === 'await-reenrolment');
}

interface Cancelling {
  /** Whether the job then undoes its steps. */
  readonly isUndo?: boolean;
  readonly verb: string;
  readonly about: string;
}

/** What cancelling means depends on the operation, and on whether anything is done yet. */
export function cancellingOf(job: Job): Cancelling {
  const cancelling = cancellingOfBegun(job);
  // A first step that runs is still pending.
  const isUnbegun = job.status === 'queued' && job.steps.every(({ status }) => status === 'pending');
  return isUnbegun ? { ...cancelling, verb: 'Cancel the job', about: unbegunText(job) } : cancelling;
}

/** What cancelling changes although no step has begun. */
function unbegunText(job: Job): string {
  if (isOfCompromised(job)) return 'The old secret stays refused, so the plane still has to enrol again.';
  if (job.operation === 'provision')
    return 'The tenant becomes failed. You can retry or roll back afterwards.';
  if (job.operation === 'deprovision')
    return (
      'The tenant keeps its data. A job that this one has stopped does not go on: ' +
      'if it was provisioning the tenant, the tenant becomes failed.'
    );
  return 'No step has begun. The job ends.';
}

function cancellingOfBegun({ operation, steps }: Job): Cancelling {
  const isFirstOpen = steps[0]?.status !== 'done';
  if (isUndoneWhenCancelled(operation) || (operation === 'deprovision' && isFirstOpen))
    return { isUndo: true, verb: 'Cancel and undo', about: 'The job undoes its steps, and then ends.' };
  if (operation === 'upgrade_wave')
    return { verb: 'Stop the wave', about: 'Running upgrades finish. No further upgrade starts.' };
  if (operation === 'provision')
    return { verb: 'Stop', about: 'The tenant becomes failed. You can retry or roll back afterwards.' };
  if (operation === 'deprovision')
    return { verb: 'Stop', about: 'Users stay refused until you retry or roll back.' };
  return { verb: 'Stop', about: 'The job stops where it is. You can retry it.' };
}
