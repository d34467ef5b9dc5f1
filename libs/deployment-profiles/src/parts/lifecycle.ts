/** What may happen to a tenant once it is there. */
export const LIFECYCLE_OPERATIONS = [
  'suspend',
  'resume',
  'move',
  'remove_copy',
  'deprovision',
  'restore',
  'purge',
] as const;

export type LifecycleOperation = (typeof LIFECYCLE_OPERATIONS)[number];

/** The same in every model: its status is published, and its tenant plane says when it acts on it. */
export const LIFECYCLE_OF_EVERY_MODEL = {
  suspend: ['suspend', 'await-report'],
  resume: ['resume', 'await-report'],
  // A restore that was left half-way may have brought rows, a plane or a token back.
  purge: ['erase-backup', 'remove-copies', 'await-removal', 'remove-planes', 'issue-certificate'],
} as const;

/** Whoever holds the data backs them up; what Atlas holds, it removes. */
const REMOVAL = ['remove-copies', 'await-removal', 'remove-planes', 'close-tenant'] as const;
export const DEPROVISION_WITH_BACKUP = ['stop-serving', 'back-up', 'await-backup', ...REMOVAL] as const;
export const DEPROVISION_OF_CUSTOMERS = ['stop-serving', ...REMOVAL] as const;

/** A move to a model: first a place there is made (the steps that are given), then the tenant's rows follow. */
export function moveBy(...place: readonly string[]): readonly string[] {
  return [...place, 'open-transfer', 'await-copy', 'freeze', 'await-import', 'cut-over'];
}

/** A move back to where the tenant was before, once its home has lost the rows: what was kept there is served again. */
export const REOPENING_STEPS: readonly string[] = ['reopen-copy', 'await-report'];

/** What there is to go back to is kept until the tenant is served. */
const REINSTATEMENT = ['reinstate', 'await-report', 'erase-backup'] as const;

/** As a move whose source is the backup. */
export function restoreBy(...place: readonly string[]): readonly string[] {
  return [...place, 'open-restore', 'await-restore', ...REINSTATEMENT];
}

/** The customer kept the data: its own plane is trusted again. */
export const RESTORE_OF_CUSTOMERS = ['register-tenant-plane', 'await-enrolment', ...REINSTATEMENT] as const;
