/** What may happen to a tenant once it is there. */
export const LIFECYCLE_OPERATIONS = ['suspend', 'resume', 'move', 'remove_copy'] as const;

export type LifecycleOperation = (typeof LIFECYCLE_OPERATIONS)[number];

/** The same in every model: its status is published, and its tenant plane says when it acts on it. */
export const LIFECYCLE_OF_EVERY_MODEL = {
  suspend: ['suspend', 'await-report'],
  resume: ['resume', 'await-report'],
} as const;

/** A move to a model: first a place there is made (the steps that are given), then the tenant's rows follow. */
export function moveBy(...place: readonly string[]): readonly string[] {
  return [...place, 'open-transfer', 'await-copy', 'freeze', 'await-import', 'cut-over'];
}
