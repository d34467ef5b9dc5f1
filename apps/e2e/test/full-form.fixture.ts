import { bySize } from '@atlas/testing';

/** A case that is not among the hardest, so the small form omits it: `npx nx run e2e:full` runs it. */
export const inFullForm = bySize<(name: string, work: () => Promise<void>) => void>(() => undefined, it);
