/** What may happen to a tenant once it is there. */
export const LIFECYCLE_OPERATIONS = ['suspend', 'resume'] as const;

export type LifecycleOperation = (typeof LIFECYCLE_OPERATIONS)[number];

/** The same in every model: its status is published, and its tenant plane says when it acts on it. */
export const LIFECYCLE_OF_EVERY_MODEL = {
  suspend: ['suspend', 'await-report'],
  resume: ['resume', 'await-report'],
} as const;
