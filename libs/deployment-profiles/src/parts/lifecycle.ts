/** Operations on an existing tenant. */
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

/** Operations whose steps are the same in every model. */
export const LIFECYCLE_OF_EVERY_MODEL = {
  suspend: ['suspend', 'await-report'],
  resume: ['resume', 'await-report'],
  // A purge also removes the rows, plane and token that may be left from a restore that stopped halfway.
  purge: ['erase-backup', 'remove-copies', 'await-removal', 'remove-planes', 'issue-certificate'],
} as const;

/** The party that stores the data backs it up. Atlas removes what Atlas stores. */
const REMOVAL = ['remove-copies', 'await-removal', 'remove-planes', 'close-tenant'] as const;
export const DEPROVISION_WITH_BACKUP = ['stop-serving', 'back-up', 'await-backup', ...REMOVAL] as const;
export const DEPROVISION_OF_CUSTOMERS = ['stop-serving', ...REMOVAL] as const;

/** The steps of a move to a model. The steps in `place` prepare the destination; the tenant's rows follow. */
export function moveBy(...place: readonly string[]): readonly string[] {
  return [...place, 'open-transfer', 'await-copy', 'freeze', 'await-import', 'cut-over'];
}

/** Makes the old copy a tenant's home again, if the home that the tenant moved to has lost the rows. */
export const REOPENING_STEPS: readonly string[] = ['reopen-copy', 'await-report'];

/** The backup is kept until the tenant is served again. */
const REINSTATEMENT = ['reinstate', 'await-report', 'erase-backup'] as const;

/** The steps of a restore, which is like a move whose source is the backup. */
export function restoreBy(...place: readonly string[]): readonly string[] {
  return [...place, 'open-restore', 'await-restore', ...REINSTATEMENT];
}

/** The customer kept the data, so the customer's own plane is trusted again. */
export const RESTORE_OF_CUSTOMERS = ['register-tenant-plane', 'await-enrolment', ...REINSTATEMENT] as const;
