import { bySize } from '@atlas/testing';

/** A case that is not among the hardest, which the small form has: `npx nx run e2e:full` runs it. */
export const inFullForm = bySize<(name: string, work: () => Promise<void>) => void>(() => undefined, it);
