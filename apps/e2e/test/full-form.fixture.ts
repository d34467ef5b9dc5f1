import { bySize } from '@atlas/testing';

/**
 * A test that runs only at full size (`npx nx run e2e:full`), because more demanding tests cover most of it.
 */
export const inFullForm = bySize<(name: string, work: () => Promise<void>) => void>(() => undefined, it);
